import { createHash } from 'node:crypto'
import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { HashTask, type HashTaskOptions, TaskRunner } from '../../src/index.ts'
import { settle } from '../harness.ts'
import { failureOf } from '../work.ts'

const sha256 = (data: string | Uint8Array) => createHash('sha256').update(data).digest('hex')

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'taskscope-hash-'))
})
afterAll(() => rm(folder, { recursive: true }))

describe('a HashTask of a text', () => {
  it.each([
    ['', 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
    ['abc', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
    ['Grüße, 世界 🌍', sha256('Grüße, 世界 🌍')],
  ])('gives the SHA-256 of its UTF-8, in hexadecimal digits: %j', async (text, hash) => {
    const runner = await TaskRunner.start()
    expect(await runner.submit(new HashTask({ text }))).toBe(hash)
  })

  it('may be long', async () => {
    const text = 'x'.repeat(5_000_000)
    const runner = await TaskRunner.start()
    expect(await runner.submit(new HashTask({ text }))).toBe(sha256(text))
  })

  it('can be cancelled, and stops cleanly', async () => {
    const runner = await TaskRunner.start()
    const handle = runner.submit(new HashTask({ text: 'x'.repeat(5_000_000) }))
    while (handle.status === 'pending') await Promise.resolve()
    expect(await handle.cancel('enough')).toBe(true)
    expect(handle.record()).toMatchObject({ status: 'cancelled', cancelReason: 'enough', abandoned: false })
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

  it('stops reading when it is cancelled', async () => {
    const file = join(folder, 'huge')
    await writeFile(file, '')
    await truncate(file, 2 ** 34)
    const runner = await TaskRunner.start()
    const handle = runner.submit(new HashTask({ file }))
    while (handle.status === 'pending') await settle()
    for (let turn = 0; turn < 20; turn += 1) await settle()
    expect(await handle.cancel()).toBe(true)
    expect(handle.record()).toMatchObject({ status: 'cancelled', abandoned: false })
  })
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
