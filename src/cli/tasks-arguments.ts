import { parseArgs } from 'node:util'
import type { StoredQuery } from '../store/types.ts'
import type { TaskStatus } from '../task/types.ts'
import { nonEmpty, UsageError, usageOf, wholeNumber } from './usage.ts'

type TasksAction = 'list' | 'show' | 'stats' | 'rerun' | 'cancel'

export interface TasksArguments {
  readonly command: 'tasks'
  /** As it was given. */
  readonly file: string
  readonly action: TasksAction
  /** Of `show`, `rerun` and `cancel`. */
  readonly id: number
  readonly query: StoredQuery
  readonly limit: number
  readonly json: boolean
  readonly watch: boolean
}

const ACTIONS: readonly TasksAction[] = ['list', 'show', 'stats', 'rerun', 'cancel']
const STATUSES: readonly TaskStatus[] = ['pending', 'running', 'stopping', 'done', 'failed', 'cancelled']
const LIMIT = 50

const OPTIONS = {
  status: { type: 'string' },
  type: { type: 'string' },
  name: { type: 'string' },
  tag: { type: 'string' },
  limit: { type: 'string', short: 'n' },
  before: { type: 'string' },
  json: { type: 'boolean' },
  watch: { type: 'boolean', short: 'w' },
  help: { type: 'boolean', short: 'h' },
} as const

/** Which options there are for which actions. */
const FOR_LIST = ['status', 'type', 'name', 'tag', 'limit', 'before'] as const

/** Reads what follows `tasks`; throws {@link UsageError} for anything that it can't mean. */
export function parseTasksArguments(argv: readonly string[]): TasksArguments | { readonly command: 'tasks-help' } {
  const { values, positionals } = usageOf(() =>
    parseArgs({ args: [...argv], allowPositionals: true, options: OPTIONS }),
  )
  if (values.help) return { command: 'tasks-help' }
  const [file, given = 'list', id, ...more] = positionals
  if (file === undefined || file === '') throw new UsageError('the file is missing: taskscope tasks FILE')
  const action = ACTIONS.find(each => each === given)
  if (action === undefined) {
    throw new UsageError(`there is no ${JSON.stringify(given)} of tasks, only ${ACTIONS.join(', ')}`)
  }
  const ofOne = action === 'show' || action === 'rerun' || action === 'cancel'
  if (ofOne && id === undefined) throw new UsageError(`the id is missing: taskscope tasks FILE ${action} ID`)
  if (more.length > 0 || (!ofOne && id !== undefined))
    throw new UsageError(`${action} takes ${ofOne ? 'one id' : 'no id'}`)
  for (const option of FOR_LIST) {
    if (action !== 'list' && values[option] !== undefined)
      throw new UsageError(`--${option} is of list, not of ${action}`)
  }
  if (values.watch && action !== 'list' && action !== 'stats') {
    throw new UsageError(`--watch is of list and stats, not of ${action}`)
  }
  if (values.json && (action === 'rerun' || action === 'cancel')) throw new UsageError(`--json is not of ${action}`)
  const before = wholeNumber('--before', values.before, 1, Number.MAX_SAFE_INTEGER)
  const texts = {
    type: values.type,
    name: values.name,
    tag: values.tag === undefined ? undefined : nonEmpty('--tag', values.tag),
  }
  return {
    command: 'tasks',
    file,
    action,
    id: ofOne ? (wholeNumber('the id', id, 1, Number.MAX_SAFE_INTEGER) as number) : 0,
    query: {
      ...(values.status !== undefined && { status: statusesOf(values.status) }),
      ...(texts.type !== undefined && { type: texts.type }),
      ...(texts.name !== undefined && { name: texts.name }),
      ...(texts.tag !== undefined && { tag: texts.tag }),
      ...(before !== undefined && { before }),
    },
    limit: wholeNumber('--limit', values.limit, 1, Number.MAX_SAFE_INTEGER) ?? LIMIT,
    json: values.json ?? false,
    watch: values.watch ?? false,
  }
}

function statusesOf(text: string): TaskStatus[] {
  return text.split(',').map(each => {
    const status = STATUSES.find(one => one === each.trim())
    if (status !== undefined) return status
    throw new UsageError(`--status must be some of ${STATUSES.join(',')}, got ${JSON.stringify(text)}`)
  })
}
