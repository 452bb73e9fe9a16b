import { describe, expect, it } from 'vitest'
import { type BaseTask, SleepTask, type SleepTaskOptions, type SubmitOptions } from '../../src/index.ts'
import { submission, TaskRegistry } from '../../src/runner/submission.ts'

/** What comes back of a task and the options that it was submitted with. */
function throughStore(task: BaseTask<unknown>, options?: SubmitOptions) {
  const registry = new TaskRegistry([SleepTask])
  const { settings, retry } = submission(task, options)
  const job = registry.jobOf(task, settings, retry)
  return job === undefined ? undefined : registry.revive(job.text)
}

describe('a task that a store keeps', () => {
  it.each<SleepTaskOptions>([
    { ms: 5 },
    { ms: Number.POSITIVE_INFINITY },
    { ms: 5, name: 'nap', timeout: 100, priority: -3, retry: 2 },
    { ms: 5, timeout: Number.POSITIVE_INFINITY, priority: Number.NEGATIVE_INFINITY },
    { ms: 5, priority: Number.POSITIVE_INFINITY },
    { ms: 5, retry: Number.POSITIVE_INFINITY },
    { ms: 5, retry: { retries: Number.POSITIVE_INFINITY, maxWait: Number.POSITIVE_INFINITY, jitter: 'full' } },
  ])('comes back as it was, Infinity too: %o', options => {
    const task = new SleepTask(options)
    const back = throughStore(task)
    expect({ ...back?.task }).toEqual({ ...task })
    const submitted = submission(task, undefined).settings
    expect(submission(back!.task, back!.options).settings).toEqual(submitted)
  })

  it('has the options that it was submitted with', () => {
    const options = { name: 'other', priority: 5, timeout: 1, deadline: 2, retry: { retries: 1, wait: 0 } }
    expect(throughStore(new SleepTask({ ms: 5, timeout: 9 }), options)?.options).toEqual(options)
  })

  it('leaves what can not be kept of its retries to the task itself', () => {
    const options = { retry: { retries: 1, backoff: () => 5 } }
    expect(throughStore(new SleepTask({ ms: 5 }), options)?.options).not.toHaveProperty('retry')
  })

  it('is one of a registered class', () => {
    class Unknown extends SleepTask {}
    expect(throughStore(new Unknown({ ms: 5 }))).toBeUndefined()
  })
})
