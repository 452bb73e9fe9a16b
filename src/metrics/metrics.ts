/** One metric, by the conventions of Prometheus. */
export interface Metric {
  readonly name: string
  readonly type: 'counter' | 'gauge' | 'summary'
  readonly help: string
}

/** Every metric there is, in the order in which they are shown. */
export const METRICS = {
  tasks: { name: 'taskscope_tasks', type: 'gauge', help: 'Tasks that have not ended.' },
  ended: { name: 'taskscope_tasks_ended_total', type: 'counter', help: 'Tasks that have ended.' },
  abandoned: {
    name: 'taskscope_tasks_abandoned',
    type: 'gauge',
    help: 'Work that still runs although its slot was given up.',
  },
  slots: { name: 'taskscope_slots', type: 'gauge', help: 'How many tasks may run at a time.' },
  paused: { name: 'taskscope_paused', type: 'gauge', help: 'Whether no task is started until it is resumed.' },
  closed: { name: 'taskscope_closed', type: 'gauge', help: 'Whether no task is taken any more.' },
  queueSize: { name: 'taskscope_queue_size', type: 'gauge', help: 'Pending tasks with a place in the queue.' },
  submitted: { name: 'taskscope_tasks_submitted_total', type: 'counter', help: 'Tasks that were submitted.' },
  rejected: {
    name: 'taskscope_submissions_rejected_total',
    type: 'counter',
    help: 'Submissions that were refused because the queue was full.',
  },
  dropped: {
    name: 'taskscope_tasks_dropped_total',
    type: 'counter',
    help: 'Pending tasks that were cancelled to make room for others.',
  },
  retried: {
    name: 'taskscope_attempts_retried_total',
    type: 'counter',
    help: 'Attempts that were followed by another.',
  },
  waitTime: {
    name: 'taskscope_task_wait_seconds',
    type: 'summary',
    help: 'From the submission of a task to its first start.',
  },
  runTime: {
    name: 'taskscope_attempt_duration_seconds',
    type: 'summary',
    help: 'Of every attempt, from its start to its end.',
  },
  workers: { name: 'taskscope_workers', type: 'gauge', help: 'Threads, processes or machines that run calls.' },
  active: { name: 'taskscope_worker_calls', type: 'gauge', help: 'Calls that workers have now.' },
  dispatched: { name: 'taskscope_calls_dispatched_total', type: 'counter', help: 'Calls that workers were given.' },
  crashed: { name: 'taskscope_workers_crashed_total', type: 'counter', help: 'Workers that ended by themselves.' },
  recycled: {
    name: 'taskscope_workers_recycled_total',
    type: 'counter',
    help: 'Workers that were replaced after so many calls.',
  },
  used: { name: 'taskscope_limit_used', type: 'gauge', help: 'How much of a limit counts as taken.' },
  available: { name: 'taskscope_limit_available', type: 'gauge', help: 'How much of a limit is left.' },
  waiting: { name: 'taskscope_limit_waiting', type: 'gauge', help: 'Requests that stand in the lines of a limit.' },
  utilisation: {
    name: 'taskscope_limit_utilisation_ratio',
    type: 'gauge',
    help: 'How much of a limit counts as taken, as a share of its capacity.',
  },
} as const satisfies Record<string, Metric>

/** The short name of a metric. */
export type MetricKey = keyof typeof METRICS
