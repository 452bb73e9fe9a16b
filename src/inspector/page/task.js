import { isStopping } from './actions.js'
import { h } from './element.js'
import { clock, duration, errorView, number, progressOf, status, taskLink, waits } from './format.js'

const LIVE = ['pending', 'running', 'stopping']

/** One task's life. */
export function taskView(target, task, readOnly, age) {
  const live = LIVE.includes(task.status)
  const stopping = live && isStopping(target, task.id)
  const now = task.at + age
  const end = task.endedAt ?? now
  return h(
    'article',
    { class: 'detail' },
    h('p', {}, h('a', { href: '#/now', 'data-action': 'back' }, '← Back')),
    h(
      'div',
      { class: 'target-head' },
      h('h2', {}, h('span', { class: 'id' }, task.id), ' ', task.name),
      status(stopping ? 'stopping' : task.status),
      task.stuckSince !== undefined && h('span', { class: 'badge warn' }, 'stuck'),
      task.abandoned && h('span', { class: 'badge warn' }, task.stillRuns ? 'abandoned, still runs' : 'abandoned'),
      !readOnly &&
        task.rerunnable &&
        h(
          'span',
          { class: 'controls' },
          h(
            'button',
            { type: 'button', 'data-action': 'rerun', 'data-target': target, 'data-id': task.id },
            'Run again',
          ),
        ),
      !readOnly &&
        live &&
        h(
          'span',
          { class: 'controls' },
          h(
            'button',
            {
              type: 'button',
              class: 'danger',
              'data-action': 'cancel',
              'data-target': target,
              'data-id': task.id,
              disabled: stopping || task.status === 'stopping',
            },
            stopping ? 'Stopping' : 'Cancel',
          ),
        ),
    ),
    h(
      'dl',
      { class: 'facts' },
      fact('Of', target),
      fact('Type', task.type),
      fact(
        'Tags',
        task.tags?.map(tag => h('span', { class: 'tag' }, tag)),
      ),
      fact(
        'Runs again',
        task.rerunOf !== undefined ? taskLink(target, task.rerunOf, `task ${task.rerunOf}`) : undefined,
      ),
      fact('Waits for', waits(task.waits, target, now)),
      fact('Progress', progressOf(task.progress)),
      fact('Stands still', task.stuckSince !== undefined ? duration(now - task.stuckSince) : undefined),
      fact('Created', clock(task.createdAt)),
      fact('Waited', duration((task.startedAt ?? end) - task.createdAt)),
      fact(live ? 'For' : 'Took', task.startedAt !== undefined ? duration(end - task.startedAt) : undefined),
      fact('Attempts', number(task.attempt)),
      fact('Priority', task.priority === 0 ? undefined : number(task.priority)),
    ),
    h('h3', {}, 'Timeline'),
    timeline(task, end, live),
    task.error && h('div', { class: 'block' }, h('h3', {}, 'Error'), errorView(task.error)),
    task.cleanupError &&
      h('div', { class: 'block' }, h('h3', {}, 'Error of the cleanup'), errorView(task.cleanupError)),
    task.cancelReason &&
      h('div', { class: 'block' }, h('h3', {}, 'Reason of the cancel'), errorView(task.cancelReason)),
    task.result !== undefined &&
      h('div', { class: 'block' }, h('h3', {}, 'Result'), h('pre', { tabindex: 0 }, task.result)),
    task.payload !== undefined &&
      h('div', { class: 'block' }, h('h3', {}, 'Submitted with'), h('pre', { tabindex: 0 }, task.payload)),
    task.resultLeftOut !== undefined && h('p', { class: 'hint' }, 'No result: ', task.resultLeftOut),
    task.shortened !== undefined && h('p', { class: 'hint' }, task.shortened),
    attempts(task),
  )
}

function fact(label, value) {
  return value !== undefined && value !== null && [h('dt', {}, label), h('dd', {}, value)]
}

/** Bars of waiting and running side by side with what they are. */
function timeline(task, end, live) {
  const whole = Math.max(1, end - task.createdAt)
  const spans = []
  let at = task.createdAt
  for (const [index, attempt] of task.attempts.entries()) {
    if (attempt.startedAt > at)
      spans.push(['waiting', at, attempt.startedAt, index === 0 ? 'waited' : 'waited for the retry'])
    const last = index === task.attempts.length - 1
    const until = attempt.endedAt ?? (last ? end : attempt.startedAt)
    const state =
      attempt.endedAt === undefined
        ? task.status
        : attempt.error !== undefined && (!last || task.status === 'failed')
          ? 'failed'
          : last
            ? task.status
            : 'failed'
    spans.push([state, attempt.startedAt, until, `attempt ${index + 1 + task.attemptsLeftOut}`])
    at = until
  }
  if (at < end && (task.attempts.length === 0 || task.status === 'pending'))
    spans.push(['waiting', at, end, live ? 'waits' : 'waited'])
  return h(
    'ol',
    { class: 'timeline' },
    spans.map(([state, from, to, text]) =>
      h(
        'li',
        {},
        h('span', { class: 'span-text' }, text),
        h(
          'svg',
          { class: `bar ${state}`, viewBox: '0 0 1000 10', preserveAspectRatio: 'none', 'aria-hidden': 'true' },
          h('rect', { class: 'rail', width: 1000, height: 10 }),
          h('rect', {
            class: 'fill',
            x: Math.min(995, ((from - task.createdAt) / whole) * 1000),
            width: Math.max(5, ((to - from) / whole) * 1000),
            height: 10,
          }),
        ),
        h('span', { class: 'num' }, duration(to - from)),
      ),
    ),
  )
}

function attempts({ attempts: all, attemptsLeftOut, status: state }) {
  const failed = all
    .map((attempt, index) => [attempt, index + 1 + attemptsLeftOut])
    .filter(([attempt, number]) => attempt.error && !(state === 'failed' && number === all.length + attemptsLeftOut))
  if (failed.length === 0) return undefined
  return h(
    'div',
    { class: 'block' },
    h('h3', {}, 'Earlier attempts'),
    attemptsLeftOut > 0 && h('p', { class: 'hint' }, `The first ${number(attemptsLeftOut)} are left out.`),
    failed
      .toReversed()
      .map(([attempt, number]) =>
        h(
          'div',
          { 'data-key': number },
          h(
            'h4',
            {},
            `Attempt ${number}`,
            h(
              'span',
              { class: 'hint' },
              ` · ${clock(attempt.startedAt)}, ran ${duration(attempt.endedAt - attempt.startedAt)}`,
            ),
          ),
          errorView(attempt.error, false, false),
        ),
      ),
  )
}
