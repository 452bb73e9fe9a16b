import type { Job } from 'bullmq'
import { expect, it } from 'vitest'
import { failed, JobRun, refused } from '../../src/distributed/serve/job-run.ts'
import { TaskManager } from '../../src/index.ts'
import { HOSTILE } from '../hostile.ts'

it('stops a job that was cancelled while its function was still being looked for', async () => {
  const manager = await TaskManager.start()
  const run = new JobRun({ id: 'a' } as Job, { args: 'j[]', task: [1, 1] }, async () => {})
  run.stop('enough')
  const handle = manager.spawn(
    ({ signal }) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
  )
  expect(await run.follow(handle)).toMatchObject({ kind: 'failed', ending: 'stopped', error: { cause: 'enough' } })
  await manager.close()
})

it.each(Object.entries(HOSTILE))('fails a job with %s', (_, make) => {
  const error = failed({ kind: 'failed', ending: 'threw', error: make() })
  for (const text of [error.message, error.stack]) expect(text).toBeTypeOf('string')
  expect(refused(make()).name).toBe('UnrecoverableError')
})
