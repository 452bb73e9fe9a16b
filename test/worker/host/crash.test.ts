import { describe, expect, it } from 'vitest'
import { WorkerCrashedError } from '../../../src/base/errors.ts'
import { failure, KINDS, run, runReference, runSource, runUntilProgress } from './hosts.ts'
import { endWithTest, untilGone } from './processes.ts'

describe.each(KINDS)('a crash of a %s', (kind, start) => {
  it('names a function that has no name', async () => {
    const error = await failure(runReference(start(), { kind: 'source', source: '() => process.exit(3)', name: '' }))
    expect(error.message).toMatch(/^the anonymous function has no result/)
  })

  it('rejects a call that exits, with the code and a hint', async () => {
    const error = await failure(run(start(), 'exit', [7]))
    expect(error).toBeInstanceOf(WorkerCrashedError)
    expect(error).toMatchObject({ exitCode: 7, signal: null, code: 'ERR_WORKER_CRASHED' })
    expect(error.message).toBe(
      `exit has no result: its ${kind} ended with exit code 7. A function ends by returning or throwing, not by process.exit`,
    )
  })

  it('rejects every call the worker had, and no other', async () => {
    const other = run(start(), 'later', ['fine', 50])
    const host = start()
    const calls = [run(host, 'hang'), run(host, 'hang'), run(host, 'exitLater').then(() => run(host, 'hang'))]
    const errors = await Promise.all(calls.map(failure))
    expect(errors.map(error => error.exitCode)).toEqual([3, 3, 3])
    expect(errors.map(error => error.message)).toEqual(Array(3).fill(expect.stringContaining('hang')))
    expect(await other).toBe('fine')
    expect(await host.exited).toMatchObject({ exitCode: 3, signal: null, requested: false })
    expect(host.active).toBe(0)
  })

  it('rejects calls made after it', async () => {
    const host = start()
    await failure(run(host, 'exit', [2]))
    expect(await failure(run(host, 'add', [1, 2]))).toMatchObject({ code: 'ERR_WORKER_CRASHED', exitCode: 2 })
    expect(await failure(host.memory())).toMatchObject({ code: 'ERR_WORKER_CRASHED', exitCode: 2 })
  })

  it('keeps what a call before it returned', async () => {
    const host = start()
    const before = run(host, 'add', [1, 2])
    const crashed = failure(run(host, 'exit', [0]))
    expect(await before).toBe(3)
    expect(await crashed).toMatchObject({ exitCode: 0 })
  })

  it('keeps what a call said before it', async () => {
    // What a process says is lost beyond what its pipe takes.
    const count = kind === 'thread' ? 5_000 : 50
    const host = start()
    await run(host, 'add', [1, 2])
    const seen: number[] = []
    await failure(run(host, 'reportAndExit', [count], { onProgress: ({ completed }) => seen.push(completed) }))
    expect(seen.length).toBe(count)
  })

  it.each([
    ['error', 'setTimeout(() => { throw error })'],
    ['rejection', 'Promise.reject(error)'],
  ])('has the uncaught %s of a call that runs as its cause', async (_, go) => {
    const error = "const error = Object.assign(new RangeError('nobody caught it'), { used: 9 })"
    const lost = await failure(runSource(start(), `() => { ${error}; ${go}; return new Promise(() => {}) }`))
    expect(lost).toMatchObject({ code: 'ERR_WORKER_CRASHED', exitCode: 1 })
    expect(lost.cause).toBeInstanceOf(RangeError)
    expect(lost.cause).toMatchObject({ used: 9 })
    expect(lost.message).toContain('after an uncaught error: RangeError: nobody caught it')
  })

  it.each([
    ['throwLater', 'QuotaError'],
    ['rejectAlone', 'TypeError'],
  ])('does not come of an error of a call that is over, which is told once: %s', async (name, type) => {
    const told = Promise.withResolvers<unknown>()
    const late: unknown[] = []
    const host = start({
      onLateError(...heard) {
        late.push(heard)
        told.resolve(heard)
      },
    })
    const beside = runUntilProgress(host, 'untilAborted')
    await run(host, name)
    await told.promise
    expect(late).toMatchObject([[{ name: type }, { id: host.id }]])
    expect(await run(host, 'add', [1, 2])).toBe(3)
    expect(host.active).toBe(1)
    beside.outcome.catch(() => {})
    await host.stop()
  })

  it('comes of memory beyond the limit', async () => {
    const host = start({ resourceLimits: { maxOldGenerationSizeMb: 24, maxYoungGenerationSizeMb: 6 } })
    const error = await failure(run(host, 'eatMemory'))
    expect(error).toMatchObject({ code: 'ERR_WORKER_CRASHED' })
    expect(error.message).toContain('resourceLimits')
  })

  it('comes of stop(), which resolves when the worker is gone', async () => {
    const host = start()
    const { outcome, running } = runUntilProgress(host, 'hotLoop')
    await running
    const lost = failure(outcome)
    await host.stop()
    expect(host.active).toBe(0)
    expect((await lost).message).toContain('it was stopped')
    expect(await host.exited).toMatchObject({ requested: true })
    await host.stop()
  })

  it('does not come of an uncaught error that a listener in the worker handles', async () => {
    const host = start()
    const source = `() => void process.on('uncaughtException', () => {})`
    await runReference(host, { kind: 'source', source, name: 'handle' })
    await run(host, 'throwLater')
    expect(await run(host, 'later', ['alive', 50])).toBe('alive')
  })
})

describe('a crash of a process', () => {
  const [, start] = KINDS[1]

  it('comes of a signal from outside', async () => {
    const host = start()
    const { outcome, running } = runUntilProgress(host, 'hotLoop')
    await running
    process.kill(host.id, 'SIGKILL')
    const error = await failure(outcome)
    expect(error).toMatchObject({ exitCode: null, signal: 'SIGKILL' })
    await untilGone(host.id)
  })

  it('takes along what its functions have started', async () => {
    const { outcome, running } = runUntilProgress(start(), 'exitWithOrphan', [4])
    const grandchild = endWithTest((await running).completed)
    expect(await failure(outcome)).toMatchObject({ exitCode: 4 })
    await untilGone(grandchild)
  })

  it('comes of process.abort', async () => {
    const error = await failure(run(start(), 'abort'))
    expect(error).toMatchObject({ exitCode: null, signal: 'SIGABRT' })
  })

  it('comes of cutting itself off, whatever it does after that', async () => {
    const host = start()
    expect(await failure(run(host, 'cutOff').then(() => run(host, 'hang')))).toMatchObject({
      code: 'ERR_WORKER_CRASHED',
    })
    await host.exited
  })
})
