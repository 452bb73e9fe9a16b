import { readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as pause } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { runs } from '../fuzz/runs.ts'
import { RunningProgram } from '../running-program.ts'
import { inspect, temporaryFolder } from '../store/files.ts'

const SCRIPT = resolve(import.meta.dirname, '../../src/cli/main.ts')
const COMMANDED = resolve(import.meta.dirname, '../fixtures/runner/commanded.ts')
const ROUNDS = runs(10).numRuns
const LONGEST_DELAY = 700

interface Row {
  readonly id: number
  readonly status: string
  readonly record: { readonly rerunOf?: number; readonly cancelReason?: unknown }
}

const tasksIn = (path: string): Row[] =>
  inspect(path, 'SELECT id, status, record FROM tasks ORDER BY id').map(({ id, status, record }) => ({
    id: Number(id),
    status: String(status),
    record: JSON.parse(String(record)),
  }))

async function untilAnswered(path: string): Promise<void> {
  const database = new DatabaseSync(path, { readOnly: true })
  while (database.prepare('SELECT count(*) AS open FROM commands WHERE answer IS NULL').get()?.open !== 0)
    await pause(20)
  database.close()
}

describe.skipIf(process.platform === 'win32' || !process.features.typescript)('killed at any moment', () => {
  it('a runner and those who ask it lose no command, and carry out each once', {
    timeout: 120_000 + ROUNDS * 15_000,
  }, async () => {
    const folder = temporaryFolder()
    const [path, effects] = [join(folder, 'tasks.db'), join(folder, 'effects')]
    writeFileSync(effects, '')
    const first = new RunningProgram(COMMANDED, [path, effects])
    await first.until('stdout', 'ready')
    let runner = first
    const promised: number[] = []
    const cancelled = new Set<number>()
    for (let round = 0; round < ROUNDS; round++) {
      const victim = round % 2 === 0 ? 4 : 5
      const asking = [
        ['rerun', '1'],
        ['rerun', '1'],
        ['cancel', String(victim)],
      ].map(args => new RunningProgram(SCRIPT, ['tasks', path, ...args]))
      await pause(Math.random() * LONGEST_DELAY)
      runner.kill('SIGKILL')
      // One of them goes as well, at times.
      if (round % 3 === 0) asking[0]?.kill('SIGKILL')
      await runner.ended
      await Promise.all(asking.map(({ ended }) => ended))
      for (const { stdout, stderr } of asking) {
        expect(stderr.replace(/^taskscope: task \d( "Step")? has ended already: \w+\n$/, '')).toBe('')
        const task = /as task (\d+)/.exec(stdout)?.[1]
        if (task !== undefined) promised.push(Number(task))
        if (/^task \d is cancelled/.test(stdout)) cancelled.add(victim)
      }
      runner = new RunningProgram(COMMANDED, [path, effects, 'idle'])
      if (Math.random() < 0.5) await runner.until('stdout', 'ready')
    }
    await runner.until('stdout', 'ready')
    await untilAnswered(path)
    // What nobody lived to ask for.
    for (const id of [4, 5]) await new RunningProgram(SCRIPT, ['tasks', path, 'cancel', String(id)]).ended
    runner.kill('SIGTERM')
    expect(await runner.ended).toBe(0)
    const final = new RunningProgram(COMMANDED, [path, effects, 'idle'])
    await final.until('stdout', 'ready')
    while (tasksOpen(path) > 0) await pause(20)
    final.kill('SIGTERM')
    await final.ended

    const tasks = tasksIn(path)
    const answers = inspect(path, `SELECT answer FROM commands WHERE action = 'rerun' ORDER BY id`).map(({ answer }) =>
      JSON.parse(String(answer)),
    )
    const again = tasks.filter(({ record }) => record.rerunOf === 1)
    // Each command is one task, and each of these tasks was asked for.
    expect(answers.map(({ task }) => task).toSorted((a, b) => a - b)).toEqual(again.map(({ id }) => id))
    expect(again.length).toBeGreaterThanOrEqual(ROUNDS)
    expect(new Set(promised).size).toBe(promised.length)
    const ran = new Set(readFileSync(effects, 'utf8').split('\n').map(Number))
    for (const { id, status } of again) expect([id, status, ran.has(id)]).toEqual([id, 'done', true])
    for (const id of promised) expect(again.map(each => each.id)).toContain(id)
    for (const id of cancelled) expect(tasks.find(each => each.id === id)?.status).toBe('cancelled')
    for (const id of [4, 5]) expect(ran.has(id)).toBe(false)
  })
})

function tasksOpen(path: string): number {
  const database = new DatabaseSync(path, { readOnly: true })
  const row = database.prepare('SELECT count(*) AS open FROM tasks WHERE ended_at IS NULL').get()
  database.close()
  return Number(row?.open)
}
