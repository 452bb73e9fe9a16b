import { h } from './element.js'
import { taskLink } from './format.js'

/** The columns of numbers, which are set flush right. */
const NUMBERS = new Set(
  'For,Attempt,Attempts,Ended,Waited,Took,Taken,Left,In line,PID,Thread,Calls now,Calls so far,Memory,Waiting,Active,Delayed,Failed,Machines,From here'.split(
    ',',
  ),
)

export function table(heads, rows) {
  return h(
    'table',
    {},
    h(
      'thead',
      {},
      h(
        'tr',
        {},
        heads.map(head => h('th', { scope: 'col', class: NUMBERS.has(head) ? 'right' : undefined }, head)),
      ),
    ),
    h('tbody', {}, rows),
  )
}

export function cell(label, ...content) {
  const empty = content.flat(9).every(each => each == null || each === false || each === '')
  return h('td', { 'data-label': label, class: empty ? 'none' : NUMBERS.has(label) ? 'right' : undefined }, ...content)
}

/** Which task a row is about. */
export function taskCell(target, { id, name, type, tags = [] }) {
  return h(
    'td',
    { class: 'task' },
    h('span', { class: 'id' }, id),
    taskLink(target, id, name),
    type !== undefined && h('span', { class: 'type' }, type),
    tags.map(tag => h('span', { class: 'tag' }, tag)),
  )
}
