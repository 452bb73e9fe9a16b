import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SleepTask, TaskRunner } from 'taskscope'
import { sqliteStore } from 'taskscope/sqlite'
import { expect } from './core.js'

const folder = mkdtempSync(join(tmpdir(), 'taskscope-store-'))
try {
  const options = { store: sqliteStore(join(folder, 'tasks.db')), tasks: [SleepTask] }
  const first = await TaskRunner.start(options)
  const nap = first.submit(new SleepTask({ ms: 20 }))
  await nap.accepted
  await first.close({ timeout: 0, pending: 'keep' })
  const second = await TaskRunner.start(options)
  expect('what the first runner has left', await second.wait(nap.id), 'slept for 20 ms')
  await second.close()
} finally {
  rmSync(folder, { recursive: true })
}
console.log('the store works')
