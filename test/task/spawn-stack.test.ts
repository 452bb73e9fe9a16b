import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { describe, expect, it, vi } from 'vitest'
import { TaskManager, type TaskManagerOptions } from '../../src/index.ts'
import { HOSTILE } from '../hostile.ts'

async function failed(options: TaskManagerOptions, error: unknown): Promise<{ readonly thrown: unknown }> {
  const manager = await TaskManager.start({ logger: false, ...options })
  const handle = (function theSpawner() {
    return manager.spawn(() => Promise.reject(error), { name: 'load' })
  })()
  const caught = await handle.catch((thrown: unknown) => ({ thrown }))
  await manager.close()
  return caught
}

describe('spawnStacks', () => {
  it('has the stack of an error go on with where its task was spawned', async () => {
    const error = new Error('broken')
    expect((await failed({ spawnStacks: true }, error)).thrown).toBe(error)
    expect(error.stack).toMatch(/^Error: broken\n[\s\S]*\n {4}spawned as task 1 "load":\n[\s\S]*theSpawner/)
  })

  it('is off unless asked for, and looks at no stack then', async () => {
    const capture = vi.spyOn(Error, 'captureStackTrace')
    const error = new Error('broken')
    const { stack } = error
    await failed({}, error)
    expect(error.stack).toBe(stack)
    expect(capture).not.toHaveBeenCalled()
    capture.mockRestore()
  })

  it.each(Object.keys(HOSTILE))('leaves as it is what has no stack to write: %s', async kind => {
    const value = HOSTILE[kind]?.()
    expect(Object.is((await failed({ spawnStacks: true }, value)).thrown, value)).toBe(true)
  })

  it('is on under NODE_OPTIONS=--trace-uncaught', async () => {
    const source = new URL('../../src/index.ts', import.meta.url).href
    const program = `
      const { TaskManager } = await import(${JSON.stringify(source)})
      const manager = await TaskManager.start()
      console.log((await manager.spawn(() => Promise.reject(new Error('broken'))).catch(error => error)).stack)`
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program], {
      env: { ...process.env, NODE_OPTIONS: '--trace-uncaught' },
    })
    expect(stdout).toContain('spawned as task 1:')
  })
})
