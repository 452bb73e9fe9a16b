import { AsyncLocalStorage } from 'node:async_hooks'
import { realpathSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { Host } from '../../../src/worker/messages/host.ts'
import { failure, KINDS, run, runReference } from './hosts.ts'
import { commandOf } from './processes.ts'

describe.each(KINDS)('a call in a %s', (kind, start, shared) => {
  const common = shared()

  it('resolves with what the function returns, now or later', async () => {
    const host = common()
    expect(await run(host, 'add', [2, 3])).toBe(5)
    expect(await run(host, 'later', ['x'])).toBe('x')
    expect(await run(host, 'thenable')).toBe('from a thenable')
    expect(await run(host, 'echo', [])).toEqual([])
    expect(await run(host, 'echo', [undefined, null])).toEqual([undefined, null])
  })

  it('runs elsewhere', async () => {
    const host = common()
    const { pid, isMainThread } = (await run(host, 'where')) as { pid: number; isMainThread: boolean }
    expect(pid === process.pid).toBe(kind === 'thread')
    expect(isMainThread).toBe(kind === 'process')
    if (kind === 'process') expect(host.id).toBe(pid)
  })

  it('finds the module loaded by the calls before', async () => {
    const host = common()
    const first = await run(host, 'whichLoad')
    expect(await run(host, 'whichLoad')).toBe(first)
  })

  it('tells functions apart by their source', async () => {
    const host = common()
    const call = (source: string, arg: number) => runReference(host, { kind: 'source', source, name: 'f' }, [arg])
    expect(await call('x => x * 2', 4)).toBe(8)
    expect(await call('x => x * 3', 4)).toBe(12)
    expect(await call('x => x * 2', 5)).toBe(10)
  })

  it('runs beside the other calls of its worker', async () => {
    const host = common()
    const calls = [run(host, 'together', [3]), run(host, 'together', [3]), run(host, 'together', [3])]
    expect(host.active).toBe(3)
    expect(await Promise.all(calls)).toEqual([3, 3, 3])
    expect(host.active).toBe(0)
  })

  it('has the environment and the folder of this process, and no arguments but those of the options', async () => {
    const before = process.argv
    process.argv = [...before, '--redis', 'redis://:secret@host']
    const hosts = [common(), start({ argv: ['--mine', 'a b'] })] as const
    process.argv = before
    const args = async (host: Host) => ((await run(host, 'where')) as { argv: string[] }).argv.slice(2)
    expect(await Promise.all(hosts.map(args))).toEqual([[], ['--mine', 'a b']])
    const [host] = hosts
    const { argv, cwd } = (await run(host, 'where')) as { argv: string[]; cwd: string }
    expect(argv[0]).toBe(process.argv[0])
    if (kind === 'process') expect(commandOf(host.id)).not.toContain('secret')
    expect(cwd).toBe(realpathSync(process.cwd()))
    expect(await run(host, 'environment', ['PATH'])).toBe(process.env.PATH)
  })

  it('has the variables of the options on top, and not those they take away', async () => {
    const host = start({ env: { ADDED: 'here', PATH: undefined } })
    expect(await run(host, 'environment', ['ADDED'])).toBe('here')
    expect(await run(host, 'environment', ['PATH'])).toBeUndefined()
    expect(await run(host, 'environment', ['HOME'])).toBe(process.env.HOME)
  })

  it('has the flags of the options', async () => {
    const host = start({ execArgv: ['--no-deprecation'] })
    expect(await run(host, 'flags')).toEqual(['--no-deprecation'])
  })

  it('knows its task, also after an await', async () => {
    const host = common()
    expect(await run(host, 'task')).toEqual({ id: 1, name: 'task', attempt: 1 })
    expect(await run(host, 'taskAfterAwait')).toEqual({ id: 1, name: 'taskAfterAwait', attempt: 1 })
  })

  it('reports its progress in order, all of it before it settles', async () => {
    const seen: number[] = []
    await run(common(), 'report', [50], { onProgress: ({ completed }) => seen.push(completed) })
    expect(seen).toEqual(Array.from({ length: 50 }, (_, at) => at + 1))
  })

  it('does not call back in the async context of the call that started the worker', async () => {
    const storage = new AsyncLocalStorage<string>()
    const host = storage.run('the starter', () => start())
    const seen = new Set<unknown>()
    const onProgress = () => seen.add(storage.getStore())
    const onRequest = async () => seen.add(storage.getStore()).size
    await run(host, 'report', [1], { onProgress })
    await run(host, 'ask', [1], { onRequest })
    expect([...seen]).toEqual([undefined])
  })

  it('is answered what it asks of this side', async () => {
    const onRequest = async (what: unknown) => ({ answer: what })
    expect(await run(common(), 'ask', [{ of: 'you' }], { onRequest })).toEqual({ answer: { of: 'you' } })
  })

  it('is thrown what this side refuses it with', async () => {
    const onRequest = async () => {
      throw Object.assign(new RangeError('no'), { code: 'ERR_NO' })
    }
    const seen = await run(common(), 'askAndCatch', [1], { onRequest })
    expect(seen).toEqual({ name: 'RangeError', message: 'no', code: 'ERR_NO', isRange: true })
  })

  it('is refused an answer that cannot be carried', async () => {
    const seen = await run(common(), 'askAndCatch', [1], { onRequest: async () => () => {} })
    expect(seen).toMatchObject({ name: 'SerializationError', code: 'ERR_SERIALIZATION' })
  })

  it('is refused what it asks after its end', async () => {
    const host = common()
    await run(host, 'askTooLate')
    expect(await run(host, 'heardTooLate')).toBe('TaskCancelledError')
  })

  it('fails when its function cannot be found, and fails alone', async () => {
    const host = common()
    const nowhere = { kind: 'module', url: 'file:///nowhere/at-all.ts', name: 'gone' } as const
    await expect(runReference(host, nowhere)).rejects.toBeInstanceOf(Error)
    await expect(runReference(host, nowhere)).rejects.toBeInstanceOf(Error)
    expect(await run(host, 'add', [1, 1])).toBe(2)
  })

  it('leaves nothing on its signal', async () => {
    const { signal } = new AbortController()
    const listening: string[] = []
    const { addEventListener, removeEventListener } = signal
    signal.addEventListener = (...args: Parameters<typeof addEventListener>) => {
      listening.push(args[0])
      addEventListener.apply(signal, args)
    }
    signal.removeEventListener = (...args: Parameters<typeof removeEventListener>) => {
      listening.splice(listening.indexOf(args[0]), 1)
      removeEventListener.apply(signal, args)
    }
    const host = common()
    const done = run(host, 'add', [1, 2], { signal })
    const failed = run(host, 'fail', [], { signal })
    expect(listening).toEqual(['abort', 'abort'])
    await done
    await failure(failed)
    expect(listening).toEqual([])
  })
})
