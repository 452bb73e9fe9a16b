import { describe, expect, it } from 'vitest'
import type { HostOptions } from '../../../src/worker/messages/host.ts'
import { failure, KINDS, run, runSource } from './hosts.ts'
import { TAMPER, tamperingFlags } from './tampering.ts'

const builtin = (name: string) => `process.getBuiltinModule('node:${name}')`
const SAY = {
  thread: `${builtin('worker_threads')}.parentPort.postMessage`,
  process: 'process.send',
}

describe.each(KINDS)('the channel of a %s', (kind, start) => {
  describe('belongs to us, so a call and the next one settle though a function', () => {
    it.each([
      ['replaces process.send', '() => { process.send = () => {} }'],
      ['replaces process.emit', '() => { process.emit = () => false }'],
      ['replaces process.exit', '() => { process.exit = () => {} }'],
      ['replaces process', '() => { globalThis.process = {} }'],
      ['removes all listeners of process', '() => { process.removeAllListeners() }'],
      ['replaces postMessage', `() => { ${builtin('worker_threads')}.MessagePort.prototype.postMessage = () => {} }`],
      [
        'closes what it finds',
        `() => { const t = ${builtin('worker_threads')}; t.workerData?.close(); t.parentPort?.close() }`,
      ],
      ['replaces the write of stdout', '() => { process.stdout.write("x"); process.stdout.write = () => true }'],
      [
        'replaces what everybody counts on',
        `() => {
        for (const name of ['setTimeout', 'setImmediate', 'queueMicrotask', 'structuredClone', 'AbortController', 'Buffer'])
          globalThis[name] = undefined
      }`,
      ],
      ['replaces JSON', '() => { globalThis.JSON = undefined }'],
    ])('%s', async (_, source) => {
      const host = start()
      expect(await runSource(host, source)).toBeUndefined()
      expect(await run(host, 'add', [1, 2])).toBe(3)
      expect(await runSource(host, 'async () => (await import("node:path")).sep')).toBe('/')
      await host.stop()
      expect(await host.exited).toMatchObject({ requested: true })
    })
  })

  it('is not that of a function, which can settle no call by what it says', async () => {
    const heard: unknown[] = []
    const host = start({ onMessage: (message, worker) => heard.push([message, worker]) })
    const said = [
      ['result', 1, { value: 'forged' }],
      ['failure', 1, null],
      ['progress', 1, -1],
      ['ready'],
      'text',
      null,
      {},
    ]
    const source = `(said, ...more) => { for (const message of said) ${SAY[kind]}(message); return 'mine' }`
    expect(await runSource(host, source, said)).toBe('mine')
    expect(await run(host, 'add', [1, 2])).toBe(3)
    expect(heard).toEqual(said.map(message => [message, { kind, id: host.id }]))
  })

  it('needs nobody who listens to what functions say', async () => {
    const host = start()
    expect(await runSource(host, `() => { ${SAY[kind]}([{}]) }`)).toBeUndefined()
    expect(await run(host, 'add', [1, 2])).toBe(3)
  })

  it('takes no result for a call that does not live', async () => {
    const host = start({ execArgv: tamperingFlags(kind) })
    const other = run(host, 'later', ['fine', 50])
    await runSource(host, TAMPER, 'out', 'noisy', ['result', 1_000, { value: 'forged' }])
    await run(host, 'print', [''])
    expect(await other).toBe('fine')
  })

  it('leaves no call waiting when a function has broken what all code stands on', async () => {
    const host = start()
    const broken = '() => { Map.prototype.delete = () => { throw new Error("broken") } }'
    expect(await failure(runSource(host, broken))).toMatchObject({ code: 'ERR_WORKER_CRASHED' })
  })
})

describe('the channel of a process', () => {
  const start = (options?: HostOptions) => KINDS[1][1](options)
  const fs = builtin('fs')

  it.each([
    ['writes into its pipe', `() => { ${fs}.writeSync(5, 'x'.repeat(100)); return new Promise(() => {}) }`],
    ['closes its pipe', `() => { ${fs}.closeSync(5); return new Promise(() => {}) }`],
    [
      'makes messages that cannot be read',
      `() => {
        const { DefaultSerializer } = ${builtin('v8')}
        const { releaseBuffer } = DefaultSerializer.prototype
        DefaultSerializer.prototype.releaseBuffer = function () { return releaseBuffer.call(this).fill(255, 20) }
      }`,
    ],
  ])('ends a worker in which a function %s', async (_, source) => {
    expect(await failure(runSource(start(), source))).toMatchObject({ code: 'ERR_WORKER_CRASHED' })
  })

  it('calls back once a function has sent', async () => {
    const source = `() => new Promise(resolve => process.send('x', undefined, {}, resolve))`
    expect(await runSource(start(), source)).toBeNull()
  })
})
