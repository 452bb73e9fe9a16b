import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtemp, open, realpath, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { HashTask, type HashTaskOptions, TaskRunner, TaskTimeoutError } from '../../src/index.ts'
import { settle } from '../harness.ts'
import { failureOf } from '../work.ts'
import { isOpen } from './is-open.ts'

const sha256 = (data: string | Uint8Array) => createHash('sha256').update(data).digest('hex')

let folder: string
beforeAll(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'taskscope-hash-')))
})
afterAll(() => rm(folder, { recursive: true }))

describe('a HashTask of a text', () => {
  it.each([
    ['', 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
    ['abc', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
    ['Grüße, 世界 🌍', sha256('Grüße, 世界 🌍')],
    ['half a pair: \ud83c', sha256('half a pair: \ufffd')],
  ])('gives the SHA-256 of its UTF-8, in hexadecimal digits: %j', async (text, hash) => {
    const runner = await TaskRunner.start()
    expect(await runner.submit(new HashTask({ text }))).toBe(hash)
  })

  it.each([
    ['of single letters', 'x'.repeat(5_000_000)],
    ['of pairs of surrogates', '🌍'.repeat(1_000_000)],
    ['of pairs that begin at odd places', `x${'🌍'.repeat(1_000_000)}`],
  ])('may be long: %s', async (_, text) => {
    const runner = await TaskRunner.start()
    expect(await runner.submit(new HashTask({ text }))).toBe(sha256(text))
  })

  it('can be cancelled, before it has begun too, and stops cleanly', async () => {
    const runner = await TaskRunner.start({ workers: 1, cleanupTimeout: 15_000 })
    const [handle, waiting] = [1, 2].map(() => runner.submit(new HashTask({ text: 'x'.repeat(50_000_000) })))
    while (handle?.status === 'pending') await Promise.resolve()
    expect(await waiting?.cancel('enough')).toBe(true)
    expect(await handle?.cancel('enough')).toBe(true)
    const expected = { status: 'cancelled', cancelReason: 'enough', abandoned: false }
    expect(handle?.record()).toMatchObject(expected)
    expect(waiting?.record()).toMatchObject(expected)
  })
})

describe('a HashTask of a file', () => {
  it('gives the SHA-256 of its bytes', async () => {
    const file = join(folder, 'bytes')
    const bytes = Uint8Array.from({ length: 200_001 }, (_, index) => index % 251)
    await writeFile(file, bytes)
    const runner = await TaskRunner.start()
    expect(await runner.submit(new HashTask({ file }))).toBe(sha256(bytes))
  })

  it('may be empty', async () => {
    const file = join(folder, 'empty')
    await writeFile(file, '')
    const runner = await TaskRunner.start()
    expect(await runner.submit(new HashTask({ file }))).toBe(sha256(''))
  })

  it.each([
    ['missing', 'ENOENT'],
    ['.', 'EISDIR'],
  ])('fails with the error of the file system: %s', async (name, code) => {
    const runner = await TaskRunner.start()
    const handle = runner.submit(new HashTask({ file: join(folder, name) }))
    expect(await failureOf(handle)).toMatchObject({ code })
    expect(runner.getRecord(handle.id)).toMatchObject({ status: 'failed', type: 'hash', error: { code } })
  })

  it('fails with the whole of that error, as if it had been thrown here', async () => {
    const file = join(folder, 'missing')
    const runner = await TaskRunner.start()
    const error = await failureOf(runner.submit(new HashTask({ file })))
    const thrown = await failureOf(open(file))
    expect(error).toBeInstanceOf(Error)
    expect({ ...(error as Error) }).toEqual({ ...(thrown as Error) })
    expect((error as Error).message).toBe((thrown as Error).message)
  })

  it.skipIf(process.platform === 'win32')('is no pipe: the wait for its writer could not be ended', async () => {
    const file = join(folder, 'pipe')
    execFileSync('mkfifo', [file])
    const runner = await TaskRunner.start()
    const error = await failureOf(runner.submit(new HashTask({ file })))
    expect(error).toEqual(new TypeError(`a pipe can't be hashed: ${file}`))
  })

  it('may be large: the event loop turns meanwhile', async () => {
    const file = join(folder, 'large')
    await writeFile(file, '')
    await truncate(file, 100_000_000)
    const runner = await TaskRunner.start()
    const handle = runner.submit(new HashTask({ file }))
    let turns = 0
    while (!handle.done()) {
      await settle()
      turns += 1
    }
    expect(turns).toBeGreaterThan(10)
    expect(await handle).toBe(sha256(Buffer.alloc(100_000_000)))
  })

  it.skipIf(process.platform !== 'linux').each(['cancel', 'timeout'] as const)(
    'is read no further after a %s',
    async how => {
      const file = join(folder, `huge-${how}`)
      await writeFile(file, '')
      await truncate(file, 2 ** 40)
      const runner = await TaskRunner.start({ cleanupTimeout: 10_000 })
      const handle = runner.submit(new HashTask({ file, ...(how === 'timeout' && { timeout: 200 }) }))
      if (how === 'cancel') {
        while (!(await isOpen(file))) await settle()
        expect(await handle.cancel()).toBe(true)
      } else expect(await failureOf(handle)).toBeInstanceOf(TaskTimeoutError)
      expect(handle.record()).toMatchObject({ status: how === 'cancel' ? 'cancelled' : 'failed', abandoned: false })
      expect(await isOpen(file)).toBe(false)
      expect(await runner.submit(new HashTask({ text: 'abc' }))).toBe(sha256('abc'))
    },
  )
})

describe('the options of a HashTask', () => {
  it.each([
    [undefined, TypeError, /options must be an object, got undefined/],
    ['text', TypeError, /options must be an object, got "text"/],
    [{}, TypeError, /either a text or a file/],
    [{ text: 'a', file: 'b' }, TypeError, /either a text or a file/],
    [{ text: 5 }, TypeError, /text must be a string, got 5/],
    [{ file: null }, TypeError, /file must be a string, got null/],
    [{ text: '', timeout: -1 }, RangeError, /timeout must be/],
  ])('are refused if wrong: %j', (options, type, message) => {
    const attempt = () => new HashTask(options as HashTaskOptions)
    expect(attempt).toThrow(type)
    expect(attempt).toThrow(message)
  })

  it.each([{ text: '' }, { file: '/a/b' }, { text: 'x', name: 'checksum', timeout: 5, priority: 2, retry: 1 }])(
    'come back from JSON as they were: %j',
    options => {
      const task = new HashTask(options)
      const back = HashTask.fromJSON(JSON.parse(JSON.stringify(task)))
      expect(back).toBeInstanceOf(HashTask)
      expect({ ...back }).toEqual({ ...task })
    },
  )
})
