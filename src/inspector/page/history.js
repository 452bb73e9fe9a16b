import { h } from './element.js'
import { clock, duration, number, status } from './format.js'
import { cell, table, taskCell } from './rows.js'

export const FIELDS = ['status', 'type', 'name', 'tag', 'error']

export const search = {
  target: undefined,
  status: '',
  type: '',
  name: '',
  tag: '',
  error: '',
  rows: [],
  next: undefined,
  looked: 0,
  state: 'new',
  pages: 0,
}

let running
let again = () => {}

export function onResults(tell) {
  again = tell
}

/** Asks for the first page, or for the next one. */
export async function load(target, more = false) {
  running?.abort()
  running = new AbortController()
  const { signal } = running
  const query = new URLSearchParams({ target, limit: '50' })
  for (const field of FIELDS) if (search[field] !== '') query.set(field, search[field])
  if (more && search.next !== undefined) query.set('before', search.next)
  search.target = target
  search.state = 'searching'
  again()
  try {
    const response = await fetch(`api/history?${query}`, { signal })
    const found = await response.json()
    if (!response.ok) throw new Error(found.error)
    search.rows = more ? [...search.rows, ...found.rows] : found.rows
    search.pages = more ? search.pages + 1 : 1
    search.next = found.next
    search.looked = found.looked
    search.state = 'found'
  } catch (error) {
    if (signal.aborted) return
    search.state = error.message
  }
  again()
}

const STATUSES = [
  ['', 'Any'],
  ['done', 'Done'],
  ['failed', 'Failed'],
  ['cancelled', 'Cancelled'],
]

export function historyView(target) {
  return [
    h(
      'form',
      { class: 'search', role: 'search', id: 'search' },
      h(
        'label',
        {},
        'Status',
        h(
          'select',
          { name: 'status' },
          STATUSES.map(([value, text]) => h('option', { value }, text)),
        ),
      ),
      field('Name', 'name', 'search'),
      field('Type', 'type', 'text'),
      field('Tag', 'tag', 'text'),
      field('Error', 'error', 'text'),
      h('button', { type: 'submit' }, 'Search'),
    ),
    h('p', { class: 'hint', role: 'status' }, said()),
    search.rows.length > 0 &&
      table(
        ['Task', 'Status', 'Ended', 'Waited', 'Took', 'Attempts', 'Error'],
        search.rows.map(row => historyRow(target, row)),
      ),
    search.next !== undefined && h('p', {}, h('button', { type: 'button', 'data-action': 'more' }, 'More')),
  ]
}

function field(label, name, type) {
  return h('label', {}, label, h('input', { name, type, autocomplete: 'off', spellcheck: 'false' }))
}

function said() {
  if (search.state === 'searching') return 'Searching…'
  if (search.state !== 'found') return search.state === 'new' ? '' : search.state
  if (search.rows.length === 0) return 'No ended task fits.'
  return `${number(search.rows.length)} task${search.rows.length === 1 ? '' : 's'}${search.next === undefined ? '' : ', newest first'}`
}

function historyRow(target, row) {
  const { id, status: state, attempt, createdAt, startedAt, endedAt, abandoned, error } = row
  return h(
    'tr',
    { 'data-key': id },
    taskCell(target, row),
    cell('Status', status(state), abandoned && h('span', { class: 'badge warn' }, 'abandoned')),
    cell('Ended', h('span', { class: 'num' }, clock(endedAt))),
    cell('Waited', h('span', { class: 'num' }, duration((startedAt ?? endedAt) - createdAt))),
    cell('Took', startedAt !== undefined && h('span', { class: 'num' }, duration(endedAt - startedAt))),
    cell('Attempts', attempt > 1 && h('span', { class: 'num' }, attempt)),
    cell('Error', error !== undefined && h('span', { class: 'bad' }, error)),
  )
}
