import { act, onNotice } from './actions.js'
import { h, render } from './element.js'
import { FIELDS, historyView, load, onResults, search } from './history.js'
import { nowView } from './now.js'
import { limitsView, workersView } from './resources.js'
import { taskView } from './task.js'

const main = document.getElementById('main')
const VIEWS = [
  ['now', 'Now'],
  ['history', 'History'],
  ['limits', 'Limits'],
  ['workers', 'Workers'],
]
/** How many values a line shows: a minute. */
const VALUES = 120

const state = {
  data: undefined,
  receivedAt: 0,
  connection: 'connecting',
  target: '',
  task: undefined,
  rates: new Map(),
}

function route() {
  const [view = 'now', target, id] = location.hash.replace(/^#\/?/, '').split('/').map(decodeURIComponent)
  return VIEWS.some(([name]) => name === view) || view === 'task' ? { view, target, id } : { view: 'now' }
}

const shown = name => state.target === '' || state.target === name
const age = () => (state.connection === 'live' ? performance.now() - state.receivedAt : 0)

function draw() {
  const { data } = state
  const { view, target, id } = route()
  render(
    document.getElementById('views'),
    VIEWS.map(([name, text]) =>
      h('a', { href: `#/${name}`, 'aria-current': view === name ? 'page' : undefined }, text),
    ),
  )
  const connection = document.getElementById('connection')
  render(connection, state.connection)
  connection.className = `connection ${state.connection}`
  if (data === undefined) return
  const context = { data, rates: state.rates, shown, readOnly: data.readOnly, age: age() }
  switch (view) {
    case 'now':
      return render(main, choice(true), nowView(context))
    case 'history':
      return render(
        main,
        choice(false),
        historyTarget() === undefined
          ? h('p', { class: 'empty' }, 'Nothing is watched that has a history.')
          : historyView(historyTarget()),
      )
    case 'limits':
      return render(main, choice(true), limitsView(context))
    case 'workers':
      return render(main, choice(true), workersView(context))
    default:
      return render(main, drawTask(target, id, data.readOnly))
  }
}

function drawTask(target, id, readOnly) {
  const { task } = state
  if (task === undefined || String(task.id) !== id || task.target !== target)
    return h('p', { class: 'empty' }, 'Loading…')
  if (task.error !== undefined && task.status === undefined)
    return [h('p', {}, h('a', { href: '#/now' }, '← Back')), h('p', { class: 'empty' }, task.error)]
  return taskView(target, task, readOnly, performance.now() - task.receivedAt)
}

function choice(all) {
  const names = state.data.targets.map(({ name }) => name)
  if (names.length < 2) return undefined
  return h(
    'label',
    { class: 'choice' },
    'Show ',
    h(
      'select',
      { id: 'target', 'data-key': all ? 'all' : 'one' },
      all && h('option', { value: '' }, 'everything'),
      names.map(name => h('option', { value: name }, name)),
    ),
  )
}

/** A select shows its first option, whatever was chosen before it was there. */
function syncChoice() {
  const select = document.getElementById('target')
  if (select !== null) select.value = select.dataset.key === 'all' ? state.target : (historyTarget() ?? '')
}

/** A form that was made anew shows what is searched for. */
const filled = new WeakSet()
function fillSearch() {
  const form = document.getElementById('search')
  if (form === null || filled.has(form)) return
  filled.add(form)
  for (const field of FIELDS) form.elements[field].value = search[field]
}

function historyTarget() {
  const names = state.data?.targets.map(({ name }) => name) ?? []
  return names.includes(state.target) ? state.target : names[0]
}

function redraw() {
  draw()
  syncChoice()
  fillSearch()
}

function take(data) {
  const receivedAt = performance.now()
  for (const { name, stats } of data.targets) {
    const ended = stats.done + stats.failed + stats.cancelled
    const before = state.rates.get(name) ?? { ended: [], pending: [] }
    const seconds = (data.at - before.at) / 1_000
    const perSecond = before.at === undefined || seconds <= 0 ? 0 : Math.max(0, (ended - before.total) / seconds)
    state.rates.set(name, {
      at: data.at,
      total: ended,
      ended: [...before.ended, perSecond].slice(-VALUES),
      pending: [...before.pending, stats.pending].slice(-VALUES),
      perSecond: mean([...before.ended, perSecond].slice(-4)),
    })
  }
  Object.assign(state, { data, receivedAt, connection: 'live' })
  if (route().view === 'task') void loadTask()
  if (route().view === 'history' && search.state === 'new') loadHistory()
  redraw()
}

const mean = values => values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length)

function loadHistory(more) {
  const target = historyTarget()
  if (target !== undefined) void load(target, more)
}

let loading = false
async function loadTask() {
  const { target, id } = route()
  const ended =
    state.task?.endedAt !== undefined &&
    String(state.task.id) === id &&
    state.task.target === target &&
    !state.task.stillRuns
  if (loading || ended) return
  loading = true
  try {
    const response = await fetch(`api/task?${new URLSearchParams({ target, id })}`)
    state.task = { ...(await response.json()), id: Number(id), target, receivedAt: performance.now() }
    redraw()
  } catch {
    // The connection tells.
  } finally {
    loading = false
  }
}

function connect() {
  const source = new EventSource('api/events')
  source.onmessage = ({ data }) => take(JSON.parse(data))
  source.onerror = () => {
    state.connection = 'disconnected'
    redraw()
    if (source.readyState === EventSource.CLOSED) setTimeout(connect, 3_000)
  }
}

let noticeTimer
onNotice((text, bad) => {
  const notice = document.getElementById('notice')
  notice.textContent = text
  notice.className = bad ? 'notice bad' : 'notice'
  notice.hidden = false
  clearTimeout(noticeTimer)
  noticeTimer = setTimeout(() => {
    notice.hidden = true
  }, 6_000)
  redraw()
})
onResults(() => route().view === 'history' && redraw())

document.addEventListener('click', event => {
  const { action, target, id } = event.target.closest?.('[data-action]')?.dataset ?? {}
  if (action === 'cancel' || action === 'rerun') void act(target, action, { id: Number(id) })
  else if (action === 'pause' || action === 'resume') void act(target, action)
  else if (action === 'more') loadHistory(true)
  else if (action === 'back' && history.length > 1) {
    event.preventDefault()
    history.back()
  }
  if (action === 'cancel') redraw()
})

document.addEventListener('change', event => {
  const { action, target } = event.target.dataset
  if (event.target.id === 'target') {
    state.target = event.target.value
    if (route().view === 'history') loadHistory()
    redraw()
  } else if (action === 'maxTasks') {
    const text = event.target.value.trim()
    void act(target, action, { value: text === '∞' || text === 'Infinity' ? 'Infinity' : Number(text) })
    event.target.blur()
  } else if (event.target.form?.id === 'search') submit(event.target.form)
})

function submit(form) {
  for (const field of FIELDS) search[field] = form.elements[field].value
  loadHistory()
}

document.addEventListener('submit', event => {
  if (event.target.id !== 'search') return
  event.preventDefault()
  submit(event.target)
})

const THEMES = ['system', 'light', 'dark']
function setTheme(theme) {
  document.documentElement.dataset.theme = theme
  const button = document.getElementById('theme')
  button.textContent = { system: '◐', light: '☀', dark: '☾' }[theme]
  button.setAttribute('aria-label', `Theme: ${theme}`)
  try {
    localStorage.setItem('taskscope-theme', theme)
  } catch {
    // Not kept, then.
  }
}
function nextTheme() {
  setTheme(THEMES[(THEMES.indexOf(document.documentElement.dataset.theme) + 1) % THEMES.length])
}
document.getElementById('theme').addEventListener('click', nextTheme)
try {
  const kept = localStorage.getItem('taskscope-theme')
  setTheme(THEMES.includes(kept) ? kept : 'system')
} catch {
  setTheme('system')
}

document.addEventListener('keydown', event => {
  if (event.ctrlKey || event.metaKey || event.altKey) return
  if (event.target.matches('input, select, textarea')) {
    if (event.key === 'Escape') event.target.blur()
    return
  }
  if (event.key >= '1' && event.key <= '4') location.hash = `#/${VIEWS[event.key - 1][0]}`
  else if (event.key === '/') {
    event.preventDefault()
    location.hash = '#/history'
    redraw()
    main.querySelector('input[name=name]')?.focus()
  } else if (event.key === 'j' || event.key === 'k') step(event.key === 'j' ? 1 : -1)
  else if (event.key === 't') nextTheme()
  else if (event.key === '?') document.getElementById('keys').showModal()
  else if (event.key === 'Escape' && route().view === 'task') history.back()
})

function step(by) {
  const rows = [...main.querySelectorAll('a[data-row]')]
  const at = rows.indexOf(document.activeElement)
  rows[at === -1 ? (by > 0 ? 0 : rows.length - 1) : Math.min(rows.length - 1, Math.max(0, at + by))]?.focus()
}

addEventListener('hashchange', () => {
  state.task = undefined
  const { view } = route()
  if (view === 'task') void loadTask()
  if (view === 'history') loadHistory()
  redraw()
  scrollTo(0, 0)
})
setInterval(() => state.data !== undefined && !document.hidden && redraw(), 500)
connect()
redraw()
