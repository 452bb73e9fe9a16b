import { setTimeout as pause } from 'node:timers/promises'
import { StoreError } from '../base/errors.ts'
import { decodeRecord } from '../store/decode.ts'
import { encodeTask, labelOf } from '../store/encode.ts'
import type { SqliteCommands } from '../store/sqlite/commands.ts'
import { isBusy, sqliteStoreError } from '../store/sqlite/errors.ts'
import { SqliteReader } from '../store/sqlite/reader.ts'
import { sqliteStore } from '../store/sqlite/sqlite-store.ts'
import type { CommandAnswer, StoreCommand, StoredTask } from '../store/types.ts'
import { visible } from './visible.ts'

/** Milliseconds between two looks at the answer. */
const LOOK = 50
/** So many looks, until it is asked whether the runner is still there. */
const LOOKS = 10
const REASON = 'cancelled from the command line'

interface Change {
  readonly path: string
  readonly action: StoreCommand['action']
  readonly id: number
}

/**
 * Has the runner that has the file open do something, and waits until it is done; where there is none, does it in the file, or
 * leaves it to the next one. Returns what became of it, and throws when nothing did. `asking` is called in the very moment in which a runner is asked.
 */
export async function changeTask(change: Change, asking: () => void): Promise<string> {
  const { path } = change
  let command: number | undefined
  for (;;) {
    const reader = await SqliteReader.open(path)
    try {
      const { commands } = reader
      if (commands !== undefined && reader.isHeld()) {
        asking()
        command ??= ask(commands, change)
        const answer = await answerTo(reader, command)
        if (answer !== undefined) return told(change, answer)
      }
    } finally {
      reader[Symbol.dispose]()
    }
    const became = await withoutRunner(change, command)
    if (became !== undefined) return became
    await pause(LOOK)
  }
}

function ask(commands: SqliteCommands, { path, action, id }: Change): number {
  try {
    return commands.ask(action, id)
  } catch (error) {
    throw sqliteStoreError(path, 'write', error)
  }
}

/** Nothing when the runner has ended without an answer. */
async function answerTo(reader: SqliteReader, command: number): Promise<CommandAnswer | undefined> {
  for (;;) {
    const held = reader.isHeld()
    for (let look = 0; look < LOOKS; look++) {
      const answer = reader.hasChanged() || look === 0 ? reader.commands?.answerTo(command) : undefined
      if (answer !== undefined) return answer
      if (!held) return undefined
      await pause(LOOK)
    }
  }
}

function told({ id, action }: Change, { problem, task, cancelled, abandoned, ...answer }: CommandAnswer): string {
  // Any process that may write to the file may have written the answer.
  const status = visible(String(answer.status))
  if (problem !== undefined) throw new Error(visible(String(problem)))
  if (action === 'rerun') return `task ${id} is run again as task ${Number(task)}`
  if (!cancelled) throw new Error(`task ${id} has ended already: ${status}`)
  if (abandoned) throw new Error(`task ${id} is ${status}, but its work goes on: it did not stop when it was told to`)
  if (status === 'cancelled') return `task ${id} is cancelled, and its work has stopped`
  return `task ${id} was told to stop, and has: ${status}`
}

/** Nothing when a runner has come to have the file open. */
async function withoutRunner(change: Change, command: number | undefined): Promise<string | undefined> {
  const { path, action, id } = change
  const store = sqliteStore(path)
  try {
    await store.open(0)
  } catch (error) {
    if (error instanceof StoreError && isBusy(error.cause)) return undefined
    throw error
  }
  const reader = await SqliteReader.open(path)
  try {
    const answer = command === undefined ? undefined : reader.commands?.answerTo(command)
    if (answer !== undefined) return told(change, answer)
    const [task] = reader.tasks({ id }, 1)
    if (action === 'cancel' && command !== undefined && task?.status === 'cancelled') {
      // By the runner, which did not live to say so.
      store.answer?.(command, { status: 'cancelled', cancelled: true })
      return `task ${id} is cancelled: the runner has ended since`
    }
    const problem = problemWith(change, task)
    if (problem !== undefined) {
      if (command !== undefined) reader.commands?.withdraw(command)
      throw new Error(visible(problem))
    }
    if (action === 'rerun') {
      if (command === undefined) reader.commands?.ask(action, id)
      return `task ${id} is run again when the next runner opens ${path}: none has it open`
    }
    await store.write([cancelled(task as StoredTask)])
    if (command !== undefined) store.answer?.(command, { status: 'cancelled', cancelled: true })
    return `task ${id} is cancelled, and will not be run: no runner has ${path} open`
  } finally {
    reader[Symbol.dispose]()
    await store.close()
  }
}

function problemWith({ id, action }: Change, task: StoredTask | undefined): string | undefined {
  if (task === undefined) return `there is no task ${id}`
  const { status, endedAt, job } = task
  if (action === 'cancel') return endedAt === undefined ? undefined : `${labelOf(task)} has ended already: ${status}`
  if (endedAt === undefined) return `${labelOf(task)} is ${status}: it can be run again once it has ended`
  if (job === undefined) {
    return `${labelOf(task)} can't be run again, it was not submitted as a task whose class is in tasks: submit it anew`
  }
  return undefined
}

function cancelled(task: StoredTask): StoredTask {
  const endedAt = Math.max(Date.now(), task.updatedAt)
  const record = {
    ...decodeRecord(task),
    status: 'cancelled',
    cancelReason: REASON,
    endedAt,
    updatedAt: endedAt,
  } as const
  return encodeTask(record, task.job).task
}
