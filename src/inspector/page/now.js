import { isStopping } from './actions.js'
import { h } from './element.js'
import { duration, meter, number, progressOf, sparkline, status, taskLink, waits } from './format.js'
import { cell, table, taskCell } from './rows.js'

/** What happens now, target by target. */
export function nowView({ data, rates, shown, readOnly, age }) {
  if (data.targets.length === 0)
    return h('p', { class: 'empty' }, 'No manager, runner or worker is watched: see Limits.')
  return data.targets
    .filter(({ name }) => shown(name))
    .map(target => targetView(target, rates.get(target.name), readOnly, data.at + age, age))
}

function targetView(target, rates, readOnly, at, age) {
  const { name, kind, mode, stats } = target
  return h(
    'section',
    { class: 'target', 'data-key': name, 'aria-label': name },
    h(
      'div',
      { class: 'target-head' },
      h('h2', {}, name),
      h('span', { class: 'kind' }, mode === undefined ? kind : `${kind}, ${mode}`),
      stats.closed && h('span', { class: 'badge' }, 'closed'),
      stats.paused && h('span', { class: 'badge warn' }, 'paused'),
      !readOnly && !stats.closed && controls(target),
    ),
    tiles(target, rates),
    running(target, readOnly, at, age),
    pending(target, readOnly, at, age),
    target.abandoned.length > 0 &&
      h(
        'p',
        { class: 'abandoned' },
        'Still running although given up: ',
        target.abandoned.flatMap((one, index) => [index > 0 && ', ', taskLink(name, one.id, `${one.id} ${one.name}`)]),
      ),
  )
}

function controls({ name, stats }) {
  return h(
    'span',
    { class: 'controls' },
    h(
      'button',
      { type: 'button', 'data-action': stats.paused ? 'resume' : 'pause', 'data-target': name },
      stats.paused ? 'Resume' : 'Pause',
    ),
    h(
      'label',
      { class: 'slots' },
      'Slots ',
      h('input', {
        type: 'text',
        inputmode: 'numeric',
        pattern: '[1-9][0-9]*|∞|Infinity',
        value: stats.maxTasks === 'Infinity' ? '∞' : stats.maxTasks,
        'data-action': 'maxTasks',
        'data-target': name,
        'aria-label': `Slots of ${name}`,
      }),
    ),
  )
}

function tiles({ stats, slotsTaken, stuck }, rates) {
  const { maxTasks, pending, done, failed, cancelled, waitTime, runTime, abandoned, queueSize } = stats
  const share = maxTasks === 'Infinity' ? 0 : slotsTaken / maxTasks
  return h(
    'div',
    { class: 'tiles' },
    tile(
      'Slots taken',
      h('span', {}, number(slotsTaken), h('small', {}, ` of ${number(maxTasks)}`)),
      maxTasks !== 'Infinity' && meter(share, `${slotsTaken} of ${maxTasks} slots`),
    ),
    tile(
      'Pending',
      number(pending),
      sparkline(rates?.pending ?? [], 'Pending'),
      queueSize !== undefined && queueSize !== pending && `${number(queueSize)} in the queue`,
    ),
    tile('Ended per second', number(rates?.perSecond ?? 0), sparkline(rates?.ended ?? [], 'Ended per second')),
    tile(
      'Done',
      number(done),
      failed + cancelled > 0 &&
        h(
          'span',
          {},
          failed > 0 && h('span', { class: 'bad' }, `${number(failed)} failed`),
          failed > 0 && cancelled > 0 && ' · ',
          cancelled > 0 && `${number(cancelled)} cancelled`,
        ),
    ),
    waitTime?.count > 0 &&
      tile(
        'Waited',
        h('span', {}, duration(waitTime.p50), h('small', {}, ' median')),
        `p95 ${duration(waitTime.p95)} · max ${duration(waitTime.max)}`,
      ),
    runTime?.count > 0 &&
      tile(
        'Ran',
        h('span', {}, duration(runTime.p50), h('small', {}, ' median')),
        `p95 ${duration(runTime.p95)} · max ${duration(runTime.max)}`,
      ),
    stuck > 0 && tile('Stuck', h('span', { class: 'warn' }, number(stuck)), 'without a sign of life'),
    abandoned > 0 && tile('Abandoned', h('span', { class: 'bad' }, number(abandoned)), 'work that did not stop'),
  )
}

function tile(label, value, ...below) {
  return h(
    'div',
    { class: 'tile' },
    h('div', { class: 'label' }, label),
    h('div', { class: 'value' }, value),
    h('div', { class: 'below' }, ...below),
  )
}

function running(target, readOnly, at, age) {
  const { running: tasks, stats, name } = target
  const total = stats.running + stats.stopping
  return h(
    'div',
    { class: 'block' },
    h('h3', {}, 'Running ', h('span', { class: 'count' }, number(total))),
    tasks.length === 0
      ? h('p', { class: 'empty' }, 'Nothing runs.')
      : table(
          ['Task', 'Status', 'For', 'Attempt', 'Progress', 'Waits for', ''],
          tasks.map(task => taskRow(name, task, readOnly, at, age, true)),
        ),
    total > tasks.length && h('p', { class: 'hint' }, `and ${number(total - tasks.length)} more`),
  )
}

function pending(target, readOnly, at, age) {
  const { pending: tasks, stats, name } = target
  if (tasks.length === 0) return undefined
  return h(
    'div',
    { class: 'block' },
    h('h3', {}, 'Pending ', h('span', { class: 'count' }, number(stats.pending))),
    table(
      ['Task', 'Status', 'For', 'Attempt', 'Last error', 'Waits for', ''],
      tasks.map(task => taskRow(name, task, readOnly, at, age, false)),
    ),
    stats.pending > tasks.length && h('p', { class: 'hint' }, `and ${number(stats.pending - tasks.length)} more`),
  )
}

function taskRow(target, task, readOnly, at, age, runs) {
  const { id, attempt, progress, lastError } = task
  const stopping = task.status === 'stopping' || isStopping(target, id)
  return h(
    'tr',
    { 'data-key': id },
    taskCell(target, task),
    cell(
      'Status',
      status(stopping ? 'stopping' : task.status),
      task.stuckSince !== undefined &&
        h('span', { class: 'badge warn', title: `no sign of life for ${duration(at - task.stuckSince)}` }, 'stuck'),
    ),
    cell('For', h('span', { class: 'num' }, duration(task.for + age))),
    cell('Attempt', attempt > 1 || (!runs && attempt > 0) ? h('span', { class: 'num' }, attempt) : ''),
    runs
      ? cell('Progress', progressOf(progress))
      : cell('Last error', lastError !== undefined && h('span', { class: 'bad' }, lastError)),
    cell('Waits for', waits(task.waits, target, at)),
    h(
      'td',
      { class: 'act' },
      !readOnly &&
        h(
          'button',
          {
            type: 'button',
            class: 'quiet',
            'data-action': 'cancel',
            'data-target': target,
            'data-id': id,
            disabled: stopping,
            'aria-label': `Cancel task ${id}`,
          },
          stopping ? 'Stopping' : 'Cancel',
        ),
    ),
  )
}
