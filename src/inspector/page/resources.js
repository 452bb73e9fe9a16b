import { h } from './element.js'
import { bytes, meter, number, status } from './format.js'
import { cell, table } from './rows.js'

/** Limits with use and line: those handed over, and those of the tasks of each target. */
export function limitsView({ data, shown }) {
  const own = data.targets.filter(({ name, limits }) => shown(name) && limits.length > 0)
  if (own.length === 0 && data.limits.length === 0) return h('p', { class: 'empty' }, 'No limit is in use.')
  return [
    data.limits.length > 0 && limitTable(undefined, data.limits),
    own.map(({ name, limits }) => limitTable(name, limits)),
  ]
}

function limitTable(of, limits) {
  return h(
    'section',
    { class: 'target', 'data-key': of ?? '' },
    h('div', { class: 'target-head' }, h('h2', {}, of ?? 'Limits')),
    table(
      ['Limit', 'Taken', 'Left', 'In line', 'Use'],
      limits.map(({ name, used, available, waiting, utilisation }) =>
        h(
          'tr',
          {},
          h('td', { class: 'task' }, h('span', { class: 'task-name' }, name)),
          cell('Taken', h('span', { class: 'num' }, number(used))),
          cell('Left', h('span', { class: 'num' }, number(available))),
          cell('In line', h('span', { class: waiting > 0 ? 'num strong' : 'num' }, number(waiting))),
          cell(
            'Use',
            h(
              'span',
              { class: 'progress' },
              meter(utilisation ?? 0, `${Math.round((utilisation ?? 0) * 100)}\u00a0%`, true),
              h('span', { class: 'progress-text' }, `${Math.round((utilisation ?? 0) * 100)}\u00a0%`),
            ),
          ),
        ),
      ),
    ),
  )
}

/** Workers of pools, and queues of the mode distributed. */
export function workersView({ data, shown }) {
  const pools = data.targets.filter(({ name, kind }) => kind === 'worker' && shown(name))
  if (pools.length === 0) return h('p', { class: 'empty' }, 'No worker is watched.')
  return pools.map(pool =>
    h(
      'section',
      { class: 'target', 'data-key': pool.name },
      head(pool),
      pool.queue !== undefined && queueTable(pool),
      pool.workers.length > 0
        ? workerTable(pool)
        : pool.mode !== 'distributed' && h('p', { class: 'empty' }, noWorkers(pool)),
    ),
  )
}

function head({ name, mode, stats }) {
  const { dispatched, crashed, recycled } = stats
  return h(
    'div',
    { class: 'target-head' },
    h('h2', {}, name),
    h('span', { class: 'kind' }, mode),
    h(
      'span',
      { class: 'hint' },
      `${number(dispatched)} call${dispatched === 1 ? '' : 's'}`,
      crashed > 0 && h('span', { class: 'bad' }, ` · ${number(crashed)} crashed`),
      recycled > 0 && ` · ${number(recycled)} recycled`,
    ),
  )
}

function workerTable({ workers, mode }) {
  const id = mode === 'process' ? 'PID' : 'Thread'
  return table(
    ['Worker', id, 'Status', 'Calls now', 'Calls so far', 'Memory'],
    workers.map(worker =>
      h(
        'tr',
        { 'data-key': worker.number },
        h('td', { class: 'task' }, h('span', { class: 'task-name' }, `Worker ${worker.number}`)),
        cell(id, h('span', { class: 'num' }, worker.id)),
        cell('Status', status(worker.state)),
        cell('Calls now', h('span', { class: 'num' }, number(worker.active))),
        cell('Calls so far', h('span', { class: 'num' }, number(worker.dispatched))),
        cell('Memory', h('span', { class: 'num' }, bytes(worker.bytes))),
      ),
    ),
  )
}

function noWorkers({ mode }) {
  return mode === 'thread' || mode === 'process'
    ? 'No worker has been started.'
    : 'Calls run on the event loop of this process.'
}

/** The queue on its server: the calls of all who use it. */
function queueTable({ queue: { name, calls, counts }, mode, stats }) {
  const columns = [
    ['Waiting', counts?.waiting],
    ['Active', counts?.active],
    ['Delayed', counts?.delayed],
    ['Failed', counts?.failed],
    ...(mode === 'distributed'
      ? [
          ['Machines', stats.workers],
          ['From here', calls],
        ]
      : []),
  ]
  return [
    table(
      ['Queue', ...columns.map(([label]) => label)],
      [
        h(
          'tr',
          {},
          h('td', { class: 'task' }, h('span', { class: 'task-name' }, name)),
          columns.map(([label, value]) =>
            cell(label, h('span', { class: 'num' }, value === undefined ? '–' : number(value))),
          ),
        ),
      ],
    ),
    counts === undefined &&
      h('p', { class: 'hint' }, 'What the queue holds is not known: there is no connection to it.'),
  ]
}
