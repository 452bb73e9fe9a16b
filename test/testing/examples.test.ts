import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { suspend } from 'effection'
import { describe, expect, it } from 'vitest'
import { TaskManager } from '../../src/index.ts'
import { createGate, exploreAll, runVirtual, settle } from '../../src/testing.ts'

/** The examples of the documentation, word for word: the last test compares. */
describe('the examples', () => {
  it('of settle', async () => {
    await using manager = await TaskManager.start()
    const gate = createGate()

    const handle = manager.spawn(() => gate)
    await settle()
    assert.equal(handle.status, 'running')

    gate.open()
  })

  it('of createGate', async () => {
    await using manager = await TaskManager.start()

    const gate = createGate<string>()
    const handle = manager.spawn(() => gate)
    await settle()
    assert.equal(handle.done(), false)
    gate.open('through')
    assert.equal(await handle, 'through')
  })

  it('of runVirtual', async () => {
    const { value, elapsed } = await runVirtual(async () => {
      await using manager = await TaskManager.start()
      const handle = manager.spawn(suspend, { timeout: 60_000 })
      return await handle.catch(error => error.code)
    })
    assert.equal(value, 'ERR_TASK_TIMEOUT')
    assert.equal(elapsed, 60_000)
  })

  it('of exploreAll', async () => {
    const orders = await exploreAll(async park => {
      const log: string[] = []
      const step = async (name: string) => {
        await park(name)
        log.push(name)
      }
      await Promise.all([step('a'), step('b'), step('c')])
      assert.equal(log.length, 3)
    })
    assert.equal(orders, 6)
  })

  it('are all there are', async () => {
    const words = (text: string) => text.replaceAll(/^\s*(\* )?/gm, ' ').replaceAll(/\s+/g, ' ')
    const tested = words(await readFile(import.meta.filename, 'utf8'))
    const folder = join(import.meta.dirname, '../../src/testing')
    let found = 0
    for (const file of await readdir(folder)) {
      const source = await readFile(join(folder, file), 'utf8')
      for (const [, example = ''] of source.matchAll(/```ts\n(.*?) \* ```/gs)) {
        expect(tested).toContain(words(example))
        found++
      }
    }
    expect(found).toBe(4)
  })
})
