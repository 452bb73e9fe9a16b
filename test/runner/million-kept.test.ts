import { statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { BaseTask, TaskRunner } from '../../src/index.ts'
import { sqliteStore } from '../../src/sqlite.ts'
import { runs } from '../fuzz/runs.ts'
import { inspect, temporaryFolder } from '../store/files.ts'

const WAVE = 1_000
const KEPT = 10_000
const FAILED = 2_000
/** A million, unless fewer runs are asked for. */
const WAVES = runs(1_000).numRuns
const PATIENCE = 600_000

class Measure extends BaseTask<string> {
  static type = 'measure'
  readonly type = 'measure'
  readonly n: number

  constructor(n: number) {
    super({ name: `measure ${n}` })
    this.n = n
  }

  run(): string {
    if (this.n % 50 === 0) throw new Error(`no measure of ${this.n}`)
    return `measure of ${this.n}`
  }

  static fromJSON({ n }: { n: number }): Measure {
    return new Measure(n)
  }
}

describe('a million tasks through one store', () => {
  it('leave a file that grows no more once it is full, with the last of those that failed in it', {
    timeout: PATIENCE,
  }, async () => {
    const path = join(temporaryFolder(), 'tasks.db')
    await using runner = await TaskRunner.start({
      store: sqliteStore(path, { synchronous: 'normal' }),
      tasks: [Measure],
      retain: { count: KEPT, failedCount: FAILED },
      history: 100,
      queueSize: WAVE,
      durable: false,
      onError: () => {},
    })
    const size = () => statSync(path).size + statSync(`${path}-wal`).size
    let full = 0
    for (let wave = 1; wave <= WAVES; wave++) {
      for (let n = 0; n < WAVE; n++) runner.submit(new Measure(wave * WAVE + n), { tags: [`wave ${wave % 10}`] })
      await runner.drain()
      await runner.flush()
      // Both parts of it are full, and SQLite has moved its log into the file.
      if (wave * WAVE === 12 * KEPT) full = size()
    }
    if (full > 0) expect(size()).toBeLessThan(full * 1.2)
    const failed = runner.records({ status: 'failed', limit: 1_000_000 })
    expect(failed).toHaveLength(Math.min(FAILED, (WAVES * WAVE) / 50))
    expect(failed[0]).toMatchObject({ id: WAVES * WAVE - 49, payload: { n: (WAVES + 1) * WAVE - 50 } })
    expect(runner.records({ tag: 'wave 0', status: 'failed' }).length).toBe(failed.length / 10)
    const [count] = inspect(path, 'SELECT count(*) AS tasks FROM tasks')
    expect(count?.tasks).toBe(Math.min(KEPT, WAVES * WAVE * 0.98) + failed.length)
  })
})
