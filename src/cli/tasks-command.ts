import { resolve } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { StoreError } from '../base/errors.ts'
import { SqliteReader } from '../store/sqlite/reader.ts'
import type { StoredTask } from '../store/types.ts'
import { say } from './say.ts'
import type { TasksArguments } from './tasks-arguments.ts'
import { changeTask } from './tasks-change.ts'
import { countsText, listText, taskJson, taskText } from './tasks-output.ts'
import { UsageError } from './usage.ts'
import { visibleJson } from './visible.ts'

/** Milliseconds between two looks of `--watch`. */
const LOOK = 500
const CLEAR = '\u001b[H\u001b[2J\u001b[3J'

/** Shows the tasks of a file, or changes one. Rejects with what is wrong. */
export async function tasksCommand(parsed: TasksArguments): Promise<void> {
  const { action, id } = parsed
  // Of Node, that its SQLite is experimental.
  process.removeAllListeners('warning')
  // Who reads the output has seen enough.
  process.stdout.on('error', () => process.exit(0))
  const path = resolve(parsed.file)
  if (action === 'rerun' || action === 'cancel') {
    const reader = await open(path)
    reader[Symbol.dispose]()
    process.stdout.write(`${await changeTask({ path, action, id }, () => tellWhenInterrupted(action))}\n`)
    return
  }
  const reader = await open(path)
  try {
    if (action === 'show') return show(reader, parsed)
    do {
      if (reader.hasChanged()) print(reader, parsed)
      if (parsed.watch) await pause(LOOK)
    } while (parsed.watch)
  } finally {
    reader[Symbol.dispose]()
  }
}

/** Opens a file that is a store; what is none is a mistake in the command line. */
async function open(path: string): Promise<SqliteReader> {
  try {
    return await SqliteReader.open(path)
  } catch (error) {
    if (error instanceof StoreError) throw new UsageError(error.message, { cause: error })
    throw error
  }
}

function tellWhenInterrupted(action: 'rerun' | 'cancel'): void {
  if (process.listenerCount('SIGINT') > 0) return
  process.once('SIGINT', () => {
    say(`the ${action} is asked for, and will be done when the runner comes to it`)
    process.exit(130)
  })
}

function show(reader: SqliteReader, { id, json }: TasksArguments): void {
  const [task] = reader.tasks({ id }, 1)
  if (task === undefined) throw new Error(`there is no task ${id}`)
  process.stdout.write(json ? taskJson(task) : taskText(task))
}

/** What was printed of each task, where only what is new is. */
let printed = new Map<number, string>()

function print(reader: SqliteReader, { action, query, limit, json, watch }: TasksArguments): void {
  if (action === 'stats') {
    const counts = reader.counts()
    const held = reader.isHeld()
    return write(json ? `${visibleJson({ runner: held, counts })}\n` : countsText(counts, held), watch)
  }
  const tasks = reader.tasks(query, limit)
  if (!json && (!watch || process.stdout.isTTY)) return write(listText(tasks), watch)
  const changed = tasks.filter(task => printed.get(task.id) !== keyOf(task)).reverse()
  printed = new Map(tasks.map(task => [task.id, keyOf(task)]))
  if (json) return void process.stdout.write((watch ? changed : tasks).map(taskJson).join(''))
  if (changed.length > 0) process.stdout.write(listText(changed))
}

function keyOf({ status, updatedAt }: StoredTask): string {
  return `${status} ${updatedAt}`
}

/** In place of what was there before, on a terminal. */
function write(text: string, watch: boolean): void {
  process.stdout.write(watch && process.stdout.isTTY ? `${CLEAR}${text}` : text)
}
