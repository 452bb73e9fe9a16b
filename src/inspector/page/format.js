import { h } from './element.js'

const UNITS = [
  [86_400_000, 'd'],
  [3_600_000, 'h'],
  [60_000, 'min'],
]

/** Milliseconds as a person reads them: `430 ms`, `12.4 s`, `3 min 5 s`. */
export function duration(ms) {
  if (!Number.isFinite(ms)) return '–'
  const whole = Math.max(0, ms)
  if (whole < 1_000) return `${Math.round(whole)}\u00a0ms`
  if (whole < 60_000) return `${(Math.floor(whole / 100) / 10).toFixed(1)}\u00a0s`
  const index = UNITS.findIndex(([size]) => whole >= size)
  const [size, unit] = UNITS[index]
  const [smaller, smallerUnit] = UNITS[index + 1] ?? [1_000, 's']
  const rest = Math.floor((whole % size) / smaller)
  return `${Math.floor(whole / size)}\u00a0${unit}${rest > 0 ? ` ${rest}\u00a0${smallerUnit}` : ''}`
}

const NUMBERS = new Intl.NumberFormat('en')
export function number(value) {
  return value === 'Infinity' || value === null ? '∞' : NUMBERS.format(Math.round(value * 10) / 10)
}

const SIZES = ['bytes', 'kB', 'MB', 'GB']
export function bytes(value) {
  if (value === undefined) return '–'
  const power = Math.min(3, Math.floor(Math.log10(Math.max(1, value)) / 3))
  return `${(value / 1_000 ** power).toFixed(power === 0 ? 0 : 1)} ${SIZES[power]}`
}

export function clock(epoch) {
  if (epoch === undefined) return '–'
  const date = new Date(epoch)
  const today = new Date().toDateString() === date.toDateString()
  const time = date.toLocaleTimeString('en-GB')
  return today ? time : `${date.toLocaleDateString('en-CA')} ${time}`
}

export function status(name, title) {
  return h('span', { class: `status ${name}`, title }, name)
}

export function meter(share, label, isUse = false) {
  const percent = Math.min(100, Math.max(0, Math.round(share * 100)))
  const level = isUse && percent >= 100 ? 'full' : isUse && percent >= 80 ? 'high' : ''
  return h(
    'svg',
    { class: `meter ${level}`, role: 'img', 'aria-label': label, viewBox: '0 0 100 6', preserveAspectRatio: 'none' },
    h('rect', { class: 'rail', width: 100, height: 6 }),
    h('rect', { class: 'fill', width: percent, height: 6 }),
  )
}

/** A line over the last values, with the highest said in its label. */
export function sparkline(values, label) {
  const most = Math.max(1, ...values)
  const step = 100 / Math.max(1, values.length - 1)
  const points = values.map((value, index) => `${(index * step).toFixed(2)},${(23 - (value / most) * 21).toFixed(2)}`)
  const line = points.join(' ')
  return h(
    'svg',
    {
      class: 'spark',
      role: 'img',
      'aria-label': `${label}, at most ${number(Math.max(0, ...values))}`,
      viewBox: '0 0 100 24',
      preserveAspectRatio: 'none',
    },
    values.length > 1 && h('polygon', { class: 'area', points: `0,24 ${line} 100,24` }),
    values.length > 1 && h('polyline', { class: 'line', points: line }),
  )
}

export function taskLink(target, id, name) {
  return h('a', { href: `#/task/${encodeURIComponent(target)}/${id}`, class: 'task-name', 'data-row': true }, name)
}

export function progressOf(progress) {
  if (progress === undefined) return undefined
  const { completed, total, message } = progress
  const share = total === undefined || total === null ? undefined : total === 0 ? 1 : completed / total
  const text = share === undefined ? number(completed) : `${Math.round(share * 100)}\u00a0%`
  return h(
    'span',
    { class: 'progress' },
    share !== undefined && meter(share, text),
    h('span', { class: 'progress-text' }, text, message !== undefined && ` · ${message}`),
  )
}

const PLAIN = {
  slot: 'a slot',
  queue: 'a place in the queue',
  acceptance: 'its turn to be taken',
  resume: 'resume',
  cleanup: 'its cleanup',
  policy: 'what its retry policy says',
}

export function waits(waiting, target, now) {
  if (waiting === undefined) return undefined
  switch (waiting.kind) {
    case 'limit':
      return h(
        'span',
        {},
        waiting.names.length === 0
          ? 'its limits'
          : h(
              'span',
              {},
              'limit ',
              waiting.names.flatMap((name, index) => [index > 0 && ', ', h('b', {}, name)]),
            ),
      )
    case 'task':
      return h(
        'span',
        {},
        waiting.tasks.flatMap(({ id, label }, index) => [index > 0 && ', ', taskLink(target, id, label)]),
      )
    case 'time':
      return h('span', { title: clock(waiting.at) }, 'its time in ', duration(waiting.at - now))
    case 'retry':
      return h('span', { title: clock(waiting.at) }, 'its retry in ', duration(waiting.at - now))
    default:
      return h('span', {}, PLAIN[waiting.kind] ?? waiting.kind)
  }
}

/** An error with its causes, each under the one that it caused. */
export function errorView(error, cause = false, open = !cause) {
  return h(
    'div',
    { class: cause ? 'error cause' : 'error' },
    h(
      'p',
      { class: 'error-head' },
      cause && h('span', { class: 'hint' }, 'caused by '),
      error.name && h('b', {}, error.name),
      error.name && ': ',
      error.message,
      error.code && h('code', {}, error.code),
    ),
    error.stack && h('details', { open }, h('summary', {}, 'Stack'), h('pre', { tabindex: 0 }, error.stack)),
    (error.errors ?? []).map(each => errorView(each, true)),
    error.cause && errorView(error.cause, true),
  )
}
