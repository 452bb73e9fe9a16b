import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import { SerializationError } from '../../../src/base/errors.ts'
import { failureOf } from '../../work.ts'
import { TestWorker } from './test-worker.ts'

const workers = { thread: new TestWorker('thread'), process: new TestWorker('process') }
afterAll(() => Promise.all([workers.thread.stop(), workers.process.stop()]))

function fixture(name: string): string {
  return new URL(`../../fixtures/worker/${name}.ts`, import.meta.url).href
}

function call(url: string, name: string, ...args: readonly unknown[]): Promise<unknown> {
  return workers.thread.call({ kind: 'module', url, name }, ...args)
}

describe.each(['thread', 'process'] as const)('a function of a module, in a %s', kind => {
  it.each([
    ['an export', 'square', 25],
    ['an arrow function', 'cube', 125],
    ['the default export', 'default', -5],
    ['a function exported under another name', 'halve', 2.5],
    ['the other name', 'renamed', 2.5],
    ['the function in a wrapper that starts workers', 'wrapped', '5 inside'],
    ['the function in a wrapper that is not registered', 'unregistered', 2005],
    ['a function that is not exported, but passed to task()', 'hidden', 1005],
  ])('is found as %s', async (_, name, result) => {
    expect(await workers[kind].call({ kind: 'module', url: fixture('tasks'), name }, 5)).toBe(result)
  })

  it('knows that it is inside', async () => {
    expect(await workers[kind].call({ kind: 'module', url: fixture('tasks'), name: 'isInside' })).toBe(true)
  })
})

describe('a module', () => {
  it('that lacks the function fails the call with what it has', async () => {
    const error = await failureOf(call(fixture('tasks'), 'sqare', 5))
    expect(error).toBeInstanceOf(SerializationError)
    expect((error as Error).message).toMatch(
      /tasks\.ts has no function named 'sqare' that a worker could find; it has /,
    )
    for (const one of [
      'square',
      'limit (number)',
      'hidden (passed to task())',
      'export the function, or pass it to task()',
    ])
      expect((error as Error).message).toContain(one)
  })

  it('keeps the function of its top level when a call makes another one of that name', async () => {
    await call(fixture('tasks'), 'registersLater')
    expect(await call(fixture('tasks'), 'hidden', 5)).toBe(1005)
  })

  it('has only the functions with names', async () => {
    const error = await failureOf(call(fixture('tasks'), 'sqare', 5))
    expect((error as Error).message).not.toContain(', (passed')
    expect((error as Error).message).not.toContain(',  (passed')
  })

  it('that exports something else by the name fails the call', async () => {
    expect(await failureOf(call(fixture('tasks'), 'limit'))).toMatchObject({ code: 'ERR_SERIALIZATION' })
  })

  it('that has two functions of one name fails the call', async () => {
    expect(await failureOf(call(fixture('tasks'), 'twice', 5))).toMatchObject({
      code: 'ERR_SERIALIZATION',
      message: expect.stringMatching(/passes two functions named 'twice' to task\(\).*another `name`/),
    })
  })

  it('that throws at its top level fails the call with its error as the cause', async () => {
    const error = await failureOf(call(fixture('broken'), 'broken'))
    expect(error).toMatchObject({
      message: expect.stringMatching(/could not import .*broken\.ts: broken at the top level/),
    })
    expect((error as Error).cause).toBeInstanceOf(RangeError)
    expect(await failureOf(call(fixture('broken'), 'broken'))).toMatchObject({ code: 'ERR_SERIALIZATION' })
  })

  it('that is not there fails the call', async () => {
    expect(await failureOf(call(fixture('nowhere'), 'x'))).toMatchObject({
      code: 'ERR_SERIALIZATION',
      cause: { code: 'ERR_MODULE_NOT_FOUND' },
    })
  })

  it('is found behind a link', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'taskscope-'))
    try {
      const link = join(folder, 'linked.ts')
      await symlink(fileURLToPath(fixture('tasks')), link)
      expect(await call(pathToFileURL(link).href, 'hidden', 5)).toBe(1005)
    } finally {
      await rm(folder, { recursive: true })
    }
  })

  it('may be CommonJS', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'taskscope-'))
    try {
      const file = join(folder, 'common.cjs')
      await writeFile(file, "module.exports = { ['tri' + 'ple']: x => x * 3 }")
      expect(await call(pathToFileURL(file).href, 'triple', 5)).toBe(15)
    } finally {
      await rm(folder, { recursive: true })
    }
  })

  it('may be a data: URL', async () => {
    expect(await call('data:text/javascript,export const one = () => 1', 'one')).toBe(1)
  })
})
