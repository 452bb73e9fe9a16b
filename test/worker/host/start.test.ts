import { describe, expect, it } from 'vitest'
import { WorkerCrashedError } from '../../../src/base/errors.ts'
import { failure, KINDS, run, runReference, runSource } from './hosts.ts'
import { runs } from './processes.ts'

/** Flags with which a worker runs this before anything of ours. */
const preloading = (code: string) => ['--import', `data:text/javascript,${code}`]
const STARTS_ITSELF = new URL('../../fixtures/starts-itself.ts', import.meta.url).href
/** Notes the modules that are loaded. */
const LISTING = preloading(
  'import{registerHooks}from"node:module";globalThis.loaded=[];registerHooks({load(url,context,next){loaded.push(url);return next(url,context)}})',
)
const NEVER = preloading('setInterval(()=>{},1000);await new Promise(()=>{})')

describe.each(KINDS)('starting a %s', (kind, start) => {
  it('is over when it is ready, and then stays so', async () => {
    const host = start()
    await host.ready
    await run(host, 'add', [1, 2])
    await host.stop()
    expect(await host.ready).toBeUndefined()
  })

  it('fails when it takes longer than it may, and leaves nothing running', async () => {
    const host = start({ execArgv: NEVER, startTimeout: 150 })
    const error = await failure(host.ready)
    expect(error).toBeInstanceOf(WorkerCrashedError)
    expect(error.message).toBe(`a worker ${kind} did not start: it was not ready after 150 ms (startTimeout)`)
    expect(await host.exited).toMatchObject({ requested: false })
    if (kind === 'process') expect(runs(host.id)).toBe(false)
  })

  it('fails when it ends before it is ready', async () => {
    const host = start({ execArgv: preloading('process.exit(4)') })
    const error = await failure(host.ready)
    expect(error).toMatchObject({ code: 'ERR_WORKER_CRASHED', exitCode: 4 })
    expect(error.message).toBe(`a worker ${kind} did not start: it ended with exit code 4`)
  })

  it('fails with what was thrown before it was ready', async () => {
    const host = start({ execArgv: preloading('throw new RangeError("too early")') })
    const error = await failure(host.ready)
    expect(error).toMatchObject({ code: 'ERR_WORKER_CRASHED', exitCode: 1 })
    if (kind === 'thread') expect(error.cause).toMatchObject({ message: 'too early' })
  })

  it('fails the calls that wait for it, and later ones, with the same story', async () => {
    const host = start({ execArgv: preloading('process.exit(4)') })
    const { message } = await failure(run(host, 'add', [1, 2]))
    expect(message).toContain('did not start')
    expect((await failure(run(host, 'add', [1, 2]))).message).toBe(message)
    expect(host.active).toBe(0)
  })

  it('fails when it is stopped before it is ready', async () => {
    const host = start({ execArgv: NEVER })
    const waiting = failure(run(host, 'add', [1, 2]))
    await host.stop()
    expect((await waiting).message).toBe(`a worker ${kind} did not start: it was stopped`)
    expect((await failure(host.ready)).message).toContain('did not start')
  })

  it('need not be waited for', async () => {
    expect(await run(start(), 'add', [1, 2])).toBe(3)
  })

  it('loads effection for the first operation, and not before', async () => {
    const host = start({ execArgv: LISTING })
    const loaded = async () => (await runSource(host, '() => loaded')) as readonly string[]
    expect((await loaded()).join(' ')).not.toContain('effection')
    await runSource(host, 'function* () {}')
    expect((await loaded()).join(' ')).toContain('effection')
  })

  it('is refused where it would never end', async () => {
    const outcome = runReference(start(), { kind: 'module', url: STARTS_ITSELF, name: 'never' })
    expect(await failure(outcome)).toMatchObject({
      cause: { name: 'TypeError', message: expect.stringContaining('never end') },
    })
  })

  it('refuses a limit that is none', () => {
    expect(() => start({ startTimeout: -1 })).toThrow(RangeError)
    expect(() => start({ startTimeout: 'soon' as never })).toThrow(TypeError)
  })
})

describe('starting a process', () => {
  const [, start] = KINDS[1]

  it('fails when the system refuses it', async () => {
    const { execPath } = process
    process.execPath = '/nowhere/node'
    const host = start()
    process.execPath = execPath
    const call = failure(run(host, 'add', [1, 2]))
    const error = await failure(host.ready)
    expect(error).toMatchObject({ exitCode: null, signal: null, cause: { code: 'ENOENT' } })
    expect(error.message).toMatch(/^a worker process did not start: it could not be started: .*ENOENT/)
    expect((await call).message).toBe(error.message)
    await host.stop()
  })
})
