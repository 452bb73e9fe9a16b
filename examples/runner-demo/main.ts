import { constants } from 'node:os'
import { gather, HashTask, SleepTask, StoreError, type TaskHandle, TaskRunner } from '../../src/index.ts'
import { sqliteStore } from '../../src/sqlite.ts'
import { HELP, parseArguments, UsageError } from './arguments.ts'
import { outcomes, statistics } from './report.ts'
import { table } from './table.ts'
import { demoTasks } from './tasks.ts'

const SIGNALS = ['SIGINT', 'SIGTERM'] as const

async function main(argv: readonly string[]): Promise<number> {
  const { store, help } = parseArguments(argv)
  if (help) {
    process.stdout.write(HELP)
    return 0
  }
  const runner = await TaskRunner.start({
    name: 'demo',
    workers: 5,
    queueSize: 10,
    submitPolicy: 'wait',
    tasks: [SleepTask, HashTask],
    // Some fail before their outcome is asked for; every outcome is printed below.
    onError() {},
    ...(store !== undefined && { store: sqliteStore(store) }),
  })
  let exitCode = 0
  for (const signal of SIGNALS) {
    process.on(signal, () => {
      exitCode = 128 + constants.signals[signal]
      runner.shutdown(store === undefined ? {} : { pending: 'keep' })
    })
  }
  showEarlier(runner)
  const handles: TaskHandle<string>[] = []
  for (const task of demoTasks()) {
    if (exitCode !== 0) break
    const handle = runner.submit(task)
    handles.push(handle)
    // Not faster than the queue takes them; one that was stopped meanwhile says so below.
    await handle.accepted.catch(() => {})
    if (handles.length === 1) process.stderr.write('20 tasks, 5 workers, a queue of 10: this takes about a second\n')
  }
  const results = await gather(handles, { returnExceptions: true })
  await runner.drain()
  process.stdout.write(`outcomes\n${outcomes(results)}\n${statistics(runner.stats())}\n`)
  process.stdout.write(table(runner.records()))
  await runner.close()
  return exitCode
}

function showEarlier(runner: TaskRunner): void {
  const records = runner.records()
  if (records.length > 0) process.stdout.write(`from earlier runs\n${table(records)}\n`)
}

/** A reader who has left needs no table. */
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
})

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  if (!(error instanceof UsageError || error instanceof StoreError)) throw error
  process.stderr.write(`demo: ${error.message}${error instanceof UsageError ? ' (--help says more)' : ''}\n`)
  process.exitCode = error instanceof UsageError ? 2 : 1
}
