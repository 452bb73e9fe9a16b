import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { describe, expect, it, onTestFinished } from 'vitest'
import { StoreError } from '../../src/base/errors.ts'
import { sqliteStore } from '../../src/sqlite.ts'
import { contentsAfter, latestBatch } from './batches.ts'
import { temporaryFolder } from './files.ts'
import type { StoreOutcome } from './outcome.ts'
import { fixturePath } from './processes.ts'
import { pendingTask } from './tasks.ts'

function start(fixture: string, path: string): ChildProcess {
  const execArgv = ['--disable-warning=ExperimentalWarning']
  const child = fork(fixturePath(fixture), [path], { execArgv })
  onTestFinished(() => void child.kill('SIGKILL'))
  return child
}

async function message<T>(child: ChildProcess): Promise<T> {
  const [first] = await once(child, 'message')
  return first
}

/** Processes that can hold a file, once they have started. */
async function startHolders(path: string, howMany: number): Promise<[ChildProcess, ...ChildProcess[]]> {
  const holders = Array.from({ length: howMany }, () => start('store-holder', path))
  await Promise.all(holders.map(message))
  return holders as [ChildProcess, ...ChildProcess[]]
}

/** Has them all open it at the same moment, or close it, and tells how that went for each. */
function tell(holders: readonly ChildProcess[], command: 'open' | 'close'): Promise<StoreOutcome[]> {
  const soon = performance.timeOrigin + performance.now() + 10
  const outcomes = holders.map(holder => message<StoreOutcome>(holder))
  for (const holder of holders) holder.send(command === 'open' ? soon : command)
  return Promise.all(outcomes)
}

/** Resolves when it is gone and all that it said has been heard. */
async function gone(child: ChildProcess): Promise<void> {
  await Promise.all([once(child, 'exit'), once(child, 'disconnect')])
}

/** Linux does, most of the time: not every container lets one see it. */
function tellsWhoLocks(path: string): boolean {
  const list = '/proc/locks'
  return existsSync(list) && readFileSync(list, 'utf8').includes(`:${statSync(path).ino} `)
}

describe('a file that another process has open', () => {
  it('is refused with a StoreError, until that one has closed it', async () => {
    const path = join(temporaryFolder(), 'tasks.db')
    const holders = await startHolders(path, 1)
    expect(await tell(holders, 'open')).toEqual(['done'])
    const store = sqliteStore(path)
    await expect(store.open(0)).rejects.toThrow(StoreError)
    const holder = tellsWhoLocks(path)
      ? `another process (${holders[0].pid})`
      : 'another runner, of this process or another,'
    await expect(store.open(0)).rejects.toThrow(`${path} is in use: ${holder} has it open`)
    expect(await tell(holders, 'close')).toEqual(['done'])
    expect((await store.open(0)).lastId).toBe(0)
    await store.close()
  })

  it('is refused to every other one, and stays as it is', async () => {
    const path = join(temporaryFolder(), 'tasks.db')
    const store = sqliteStore(path)
    await store.open(0)
    const refused = { code: 'ERR_STORE', message: expect.stringContaining(`${path} is in use`) }
    expect(await tell(await startHolders(path, 2), 'open')).toEqual([refused, refused])
    await store.write([pendingTask(1)])
    await store.close()
    expect((await store.open(0)).lastId).toBe(1)
    await store.close()
  })

  it('is free when that one was killed', async () => {
    const path = join(temporaryFolder(), 'tasks.db')
    const holders = await startHolders(path, 1)
    expect(await tell(holders, 'open')).toEqual(['done'])
    const ended = gone(holders[0])
    holders[0].kill('SIGKILL')
    await ended
    const store = sqliteStore(path)
    expect((await store.open(0)).lastId).toBe(0)
    await store.close()
  })

  it('belongs to one of those that open it at the same moment', async () => {
    const ROUNDS = 15
    const holders = await startHolders(join(temporaryFolder(), 'tasks.db'), 2)
    for (let round = 0; round < ROUNDS; round++) {
      const outcomes = await tell(holders, 'open')
      expect(outcomes.filter(outcome => outcome === 'done')).toHaveLength(1)
      expect(await tell(holders, 'close')).toEqual(['done', 'done'])
    }
  })
})

describe('a process that is killed while it writes', () => {
  const KILLS = 10
  const MOST_BATCHES = 30
  const LONGEST_DELAY = 10

  it('leaves every batch that it reported, and each as a whole', async () => {
    const path = join(temporaryFolder(), 'tasks.db')
    let leftLog = false
    for (let kill = 0; kill < KILLS; kill++) {
      const writer = start('store-writer', path)
      const ended = gone(writer)
      let reported = 0
      const killAt = Math.floor(Math.random() * MOST_BATCHES)
      const enough = new Promise<void>(resolve => {
        let heard = 0
        writer.on('message', batch => {
          reported = Number(batch)
          if (++heard > killAt) resolve()
        })
      })
      await enough
      // Between two reports, too: the moment of the kill is to be any.
      await pause(Math.random() * LONGEST_DELAY)
      writer.kill('SIGKILL')
      await ended
      leftLog ||= statSync(`${path}-wal`).size > 0

      const store = sqliteStore(path)
      const contents = await store.open(Number.POSITIVE_INFINITY)
      await store.close()
      const latest = latestBatch(contents)
      expect(latest).toBeGreaterThanOrEqual(reported)
      expect(latest).toBeGreaterThan(0)
      expect(contents).toEqual(contentsAfter(latest))
    }
    expect(leftLog).toBe(true)
  })
})
