/** What a user's first program might be: it must compile against the published types, and run. */
import { sleep } from 'effection'
import * as core from 'taskscope'
import { SleepTask, TaskCancelledError, type TaskHandle, TaskManager, type TaskRecord, TaskRunner } from 'taskscope'
import { type ServeOptions, serve } from 'taskscope/bullmq'
import { sqliteStore } from 'taskscope/sqlite'
import { createGate, settle } from 'taskscope/testing'
import * as workers from 'taskscope/worker'
import { task } from 'taskscope/worker'

function expect(what: string, actual: unknown, expected: unknown): void {
  if (actual !== expected) throw new Error(`${what}: expected ${expected}, got ${actual}`)
}

// In records, messages and stores.
for (const [name, exported] of Object.entries({ ...core, ...workers })) {
  if (typeof exported === 'function') expect('a name', exported.name, name)
}

await using manager = await TaskManager.start({ maxTasks: 2 })

const number: TaskHandle<number> = manager.spawn(() => 1)
const promise: TaskHandle<string> = manager.spawn(async ({ name }) => name, { name: 'named' })
const operation: TaskHandle<boolean> = manager.spawn(function* () {
  yield* sleep(1)
  return true
})
expect('a value', await number, 1)
expect('a promise', await promise, 'named')
expect('an operation', await operation, true)

const squares: number[] = await manager.map([1, 2, 3], async x => x * x).toArray()
expect('a map', squares.join(), '1,4,9')

const gate = createGate<number>()
const waiting = manager.spawn(() => gate)
await settle()
await waiting.cancel('no longer needed')
const error: unknown = await waiting.catch((thrown: unknown) => thrown)
expect('a cancel', error instanceof TaskCancelledError, true)
gate.open(1)

const record: TaskRecord = waiting.record()
expect('a record', record.status, 'cancelled')
const report = await manager.close()
expect('a report', `${report.done} done, ${report.cancelled} cancelled`, '6 done, 1 cancelled')

const runner = await TaskRunner.start({ store: sqliteStore('tasks.db'), tasks: [SleepTask] })
const slept: string = await runner.submit(new SleepTask({ ms: 1 }))
expect('its name', runner.getRecord(1)?.name, 'SleepTask')
expect('a task of a class', slept, 'slept for 1 ms')
await runner.close()
const next = await TaskRunner.start({ store: sqliteStore('tasks.db') })
expect('a record from before', next.getRecord(1)?.status, 'done')
await next.close()

for (const mode of ['sync', 'async', 'thread', 'process'] as const) {
  await using square = task((x: number) => x * x, { mode, maxWorkers: 1 })
  const squared: number = await square(3)
  expect(`a task of mode ${mode}`, squared, 9)
}
const nobody: ServeOptions = { connection: 'redis://127.0.0.1:1', queue: 'squares', connectTimeout: 1 }
const refusal: unknown = await serve([Math.abs], nobody).catch((thrown: unknown) => thrown)
expect('a missing package', String(refusal).includes('npm install bullmq'), true)
console.log('the consumer works')
