import { expect, it } from 'vitest'
import { doubleLater } from '../../fixtures/bullmq/fault-functions.ts'
import { describeEachServer } from '../../servers/describe-each-server.ts'
import type { WorkerProcess } from '../worker-process.ts'
import { random } from './random.ts'
import { kill, LOCK, Scene } from './scene.ts'

/** More take a PostgreSQL without autovacuum ever longer, for the rows that its engine leaves dead. */
const CALLS = 3_000
const KILLS = 12
const SEED = Number(process.env.TASKSCOPE_SEED ?? Date.now() % 100_000)

describeEachServer('3,000 calls over three workers that are killed at random', server => {
  it(`settle once each, with their results (TASKSCOPE_SEED=${SEED})`, { timeout: 600_000 }, async () => {
    const scene = new Scene(server)
    const next = random(SEED)
    const options = { maxTasks: 20, lockDuration: LOCK, maxStalled: KILLS }
    const machines = await Promise.all([1, 2, 3].map(() => scene.machine(options)))
    const caller = await scene.caller({ maxWorkers: 2_000 })
    const killing: Promise<void>[] = []
    let settled = 0
    let killed = 0

    const killOne = async () => {
      const place = Math.floor(next() * machines.length)
      killed += 1
      await kill(machines[place] as WorkerProcess)
      machines[place] = await scene.machine(options)
    }
    caller.on('done', () => {
      settled += 1
      if (killed < KILLS && settled > (CALLS / (KILLS + 1)) * (killed + next())) killing.push(killOne())
    })

    const calls = Array.from({ length: CALLS }, (_, n) => caller.submit(doubleLater, scene.folder, n, n % 5))
    const results = await Promise.all(calls)
    await Promise.all(killing)

    expect(results).toEqual(calls.map((_, n) => n * 2))
    expect(settled).toBe(CALLS)
    expect(killed).toBe(KILLS)
    expect(new Set(scene.notes('started').map(({ name }) => name)).size).toBe(CALLS)
    expect(caller.stats()).toMatchObject({ done: CALLS, failed: 0, abandoned: 0, active: 0 })
  })
})
