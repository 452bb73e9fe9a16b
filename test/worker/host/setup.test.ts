import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it, vi } from 'vitest'
import { TaskWorker, task } from '../../../src/worker.ts'
import { whatIsOpen } from '../../fixtures/worker/setup.ts'
import { failure, KINDS, runReference, runSource } from './hosts.ts'

const MODULE = new URL('../../fixtures/worker/setup.ts', import.meta.url).href
const directory = mkdtempSync(join(tmpdir(), 'taskscope-setup-'))
afterAll(() => rmSync(directory, { recursive: true }))

let files = 0
const newFile = () => join(directory, String((files += 1)))

describe.each(KINDS)('a %s with a module', (_kind, start) => {
  const call = (host: ReturnType<typeof start>, name: string) =>
    runReference(host, { kind: 'module', url: MODULE, name })

  it('runs init once before its calls, and when it is stopped teardown and then the exit handlers', async () => {
    const initData = { file: newFile() }
    const host = start({ module: MODULE, init: 'open', teardown: 'close', initData, number: 7, stopTimeout: 10_000 })
    const opened = await Promise.all([call(host, 'whatIsOpen'), call(host, 'whatIsOpen')])
    expect(opened).toEqual([
      [initData, 7],
      [initData, 7],
    ])
    await host.stop()
    expect(readFileSync(initData.file, 'utf8')).toBe('closed\nexit\n')
    expect(await host.exited).toMatchObject({ requested: true, exitCode: 0 })
  })

  it('does not start when its init fails, or when there is none of that name', async () => {
    const host = start({ module: MODULE, init: 'failToOpen' })
    expect(await failure(host.ready)).toMatchObject({ code: 'ERR_WORKER_CRASHED', cause: { message: 'no model' } })
    const other = start({ module: MODULE, teardown: 'missing' })
    expect((await failure(other.ready)).message).toContain("no function named 'missing'")
  })

  it('tells what its teardown throws, and ends when that does not', async () => {
    const late: unknown[] = []
    const thrower = start({
      module: MODULE,
      teardown: 'failToOpen',
      onLateError: error => late.push(error),
      stopTimeout: 10_000,
    })
    const hanger = start({ module: MODULE, teardown: 'hangOnClose', stopTimeout: 20 })
    await Promise.all([thrower.ready, hanger.ready])
    await Promise.all([thrower.stop(), hanger.stop()])
    expect(late).toMatchObject([{ message: 'no model' }])
    expect(await hanger.exited).toMatchObject({ requested: true })
  })

  it('has the environment of its options alone, if it is to', async () => {
    const host = start({ inheritEnv: false, env: { ONLY: 'mine' } })
    expect(Object.keys((await runSource(host, '() => ({ ...process.env })')) as object).sort()).toEqual([
      'ONLY',
      'TASKSCOPE_WORKER_DEPTH',
    ])
  })
})

describe('the setup of workers', () => {
  it('is that of each worker of a pool', async () => {
    const initData = { file: newFile() }
    const open = task(whatIsOpen, {
      mode: 'thread',
      module: MODULE,
      onDemand: true,
      maxWorkers: 1,
      init: 'open',
      teardown: 'close',
      initData,
    })
    expect([await open(), await open()]).toEqual([
      [initData, 1],
      [initData, 2],
    ])
    await open.stop()
    expect(readFileSync(initData.file, 'utf8')).toBe('closed\nexit\n'.repeat(2))
  })

  it('is refused where it can not be', async () => {
    const start = (options: object) => TaskWorker.start({ module: MODULE, ...options })
    await expect(start({ mode: 'async', init: 'open' })).rejects.toThrow("init needs the mode 'thread' or 'process'")
    await expect(start({ mode: 'thread', module: undefined, teardown: 'x' })).rejects.toThrow('teardown needs module')
    await expect(start({ mode: 'thread', init: () => 1 })).rejects.toThrow(TypeError)
    await expect(start({ mode: 'thread', init: 'open', initData: () => 1 })).rejects.toThrow("can't be carried")
  })
})

describe('a process', () => {
  it('is not stopped before all that it printed has been passed on, also where that is taken slowly', async () => {
    const host = KINDS[1][1]()
    let bytes = 0
    // It takes no more from the first chunk on.
    const write = vi.spyOn(process.stdout, 'write').mockImplementation(chunk => {
      bytes += chunk.length
      return false
    })
    try {
      await runSource(host, `() => { process.stdout.write('x'.repeat(100_000)) }`)
      await host.stop()
      expect(bytes).toBe(100_000)
    } finally {
      write.mockRestore()
    }
  })
})
