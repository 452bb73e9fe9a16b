import { spawnSync } from 'node:child_process'
import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, it } from 'vitest'
import { parseArguments } from '../../src/cli/arguments.ts'
import { visible, visibleJson } from '../../src/cli/visible.ts'
import { BaseTask, TaskRunner } from '../../src/index.ts'
import { sqliteStore } from '../../src/sqlite.ts'
import { runVirtual } from '../../src/testing.ts'
import { RunningProgram } from '../running-program.ts'
import { filesIn, temporaryFolder, withDatabase } from '../store/files.ts'
import { endedTask, pendingTask } from '../store/tasks.ts'

const SCRIPT = resolve(import.meta.dirname, '../../src/cli/main.ts')
const AS_NOBODY = resolve(import.meta.dirname, '../fixtures/tasks-as-nobody.ts')
const COMMANDED = resolve(import.meta.dirname, '../fixtures/runner/commanded.ts')

/** One line and no stack. */
const LINE = /^taskscope: [^\n]+\n$/

const program = (...args: string[]) => new RunningProgram(SCRIPT, ['tasks', ...args])

async function outcome(...args: string[]): Promise<{ code: number | string; out: string; err: string }> {
  const running = program(...args)
  const code = await running.ended
  return { code, out: running.stdout, err: running.stderr }
}

/** A runner in a process of its own, with tasks 1 done, 2 failed, 3 done and no class, 4 and 5 running, 6 pending. */
async function commanded(
  folder = temporaryFolder(),
): Promise<{ path: string; runner: RunningProgram; ran(): string[] }> {
  const [path, effects] = [join(folder, 'tasks.db'), join(folder, 'effects')]
  writeFileSync(effects, '')
  const runner = new RunningProgram(COMMANDED, [path, effects])
  await runner.until('stdout', 'ready')
  return { path, runner, ran: () => readFileSync(effects, 'utf8').trim().split('\n').toSorted() }
}

async function storeWith(...tasks: Parameters<ReturnType<typeof sqliteStore>['write']>[0]): Promise<string> {
  const path = join(temporaryFolder(), 'tasks.db')
  const store = sqliteStore(path)
  await store.open(0)
  await store.write(tasks)
  await store.close()
  return path
}

describe('the arguments of tasks', () => {
  it('may be a file alone', () => {
    expect(parseArguments(['tasks', 'a.db'], {})).toEqual({
      command: 'tasks',
      file: 'a.db',
      action: 'list',
      id: 0,
      query: {},
      limit: 50,
      json: false,
      watch: false,
    })
    expect(parseArguments(['tasks', '--help'], {})).toEqual({ command: 'tasks-help' })
  })

  it('say which tasks', () => {
    const argv = ['tasks', 'a.db', 'list', '--status', 'failed,done', '--tag=night', '--type', 't', '--name', 'n']
    expect(parseArguments([...argv, '-n', '7', '--before', '9', '--json', '-w'], {})).toMatchObject({
      query: { status: ['failed', 'done'], tag: 'night', type: 't', name: 'n', before: 9 },
      limit: 7,
      json: true,
      watch: true,
    })
    expect(parseArguments(['tasks', 'a.db', 'cancel', '12'], {})).toMatchObject({ action: 'cancel', id: 12 })
  })

  it.each([
    [[], /the file is missing/],
    [['a.db', 'lst'], /there is no "lst" of tasks, only list, show, stats, rerun, cancel/],
    [['a.db', 'show'], /the id is missing: taskscope tasks FILE show ID/],
    [['a.db', 'show', 'x'], /the id must be a whole number from 1/],
    [['a.db', 'cancel', '0'], /the id must be a whole number from 1/],
    [['a.db', 'rerun', '1', '2'], /rerun takes one id/],
    [['a.db', 'stats', '1'], /stats takes no id/],
    [['a.db', '--status', 'broken'], /--status must be some of pending,/],
    [['a.db', '--limit', '0'], /--limit must be a whole number from 1/],
    [['a.db', '--tag', ''], /--tag must not be empty/],
    [['a.db', 'stats', '--tag', 'a'], /--tag is of list, not of stats/],
    [['a.db', 'show', '1', '--watch'], /--watch is of list and stats/],
    [['a.db', 'cancel', '1', '--json'], /--json is not of cancel/],
    [['a.db', '--colour'], /Unknown option '--colour'/],
  ])('are refused as %j', (args, message) => {
    const parse = () => parseArguments(['tasks', ...args], {})
    expect(parse).toThrow(message)
    expect(parse).toThrow(expect.objectContaining({ name: 'UsageError' }))
  })
})

describe('what a terminal is shown', () => {
  it('has no command in it, no matter who wrote the text', () => {
    expect(visible('a\u001b[31mred\r\n\u009b2J \u202egpj')).toBe('a\\u{1b}[31mred\\u{d}\\u{a}\\u{9b}2J \\u{202e}gpj')
    expect(visible('naïve 日本 🚀')).toBe('naïve 日本 🚀')
    const json = visibleJson({ name: '\u009b2J\u202e' })
    expect(json).toBe('{"name":"\\u009b2J\\u202e"}')
    expect(JSON.parse(json)).toEqual({ name: '\u009b2J\u202e' })
  })
})

describe.skipIf(process.platform === 'win32' || !process.features.typescript)('taskscope tasks', () => {
  it('shows what a runner has, while it runs and afterwards', async () => {
    const { path, runner } = await commanded()
    const list = await outcome(path)
    expect(list).toMatchObject({ code: 0, err: '' })
    const [head, ...rows] = list.out.trimEnd().split('\n')
    expect(head?.split(/ +/)).toEqual(['ID', 'STATUS', 'CREATED', 'TOOK', 'TRY', 'TYPE', 'NAME', 'TAGS', 'ERROR'])
    expect(rows.map(row => row.split(/ +/).slice(0, 2).join(' '))).toEqual([
      '6 pending',
      '5 running',
      '4 running',
      '3 done',
      '2 failed',
      '1 done',
    ])
    expect(rows[4]).toMatch(/night +no luck$/)

    const json = await outcome(path, 'list', '--status', 'failed', '--tag', 'night', '--json')
    expect(
      json.out
        .trimEnd()
        .split('\n')
        .map(line => JSON.parse(line)),
    ).toMatchObject([
      { id: 2, status: 'failed', tags: ['night'], payload: { what: 'fails' }, error: { message: 'no luck' } },
    ])
    const shown = await outcome(path, 'show', '2')
    expect(shown.out).toMatch(/^id +2\nname +Step\ntype +step\ntags +night\nstatus +failed\n/)
    expect(shown.out).toMatch(
      /\npayload +\{ name: 'Step', type: 'step', what: 'fails' \}\nerror +Error: no luck\n +at /,
    )
    expect((await outcome(path, 'stats')).out).toMatch(
      /^(?=.*2 running)(?=.*2 done)(?=.*1 failed).*; a runner has the file open\n/,
    )

    runner.kill('SIGKILL')
    await runner.ended
    expect((await outcome(path)).out).toBe(list.out)
    expect((await outcome(path, 'stats')).out).toMatch(/; no runner has the file open\n/)
    expect((await outcome(path, '-n', '2', '--before', '4', '--json')).out.match(/"id":\d/g)).toEqual([
      '"id":3',
      '"id":2',
    ])
  })

  it('has a runner cancel, and run again, and says so once that is done', async () => {
    const { path, runner, ran } = await commanded()
    const cancelled = await outcome(path, 'cancel', '4')
    expect(cancelled).toEqual({ code: 0, out: 'task 4 is cancelled, and its work has stopped\n', err: '' })
    expect((await outcome(path, 'show', '4', '--json')).out).toMatch(
      /"status":"cancelled".*"cancelReason":"cancelled through the store"/,
    )
    expect(await outcome(path, 'rerun', '1')).toEqual({ code: 0, out: 'task 1 is run again as task 7\n', err: '' })
    const again = JSON.parse((await outcome(path, 'show', '7', '--json')).out)
    expect(again).toMatchObject({ rerunOf: 1, tags: ['day'], payload: { what: 'quick' } })

    const refused = async (...args: string[]) => {
      const { code, out, err } = await outcome(path, ...args)
      expect([code, out]).toEqual([1, ''])
      expect(err).toMatch(LINE)
      return err
    }
    expect(await refused('cancel', '1')).toMatch('task 1 has ended already: done')
    expect(await refused('cancel', '99')).toMatch('there is no task 99')
    expect(await refused('rerun', '3')).toMatch(
      `task 3 "plain" can't be run again, it was not submitted as a task whose class`,
    )
    expect(await refused('rerun', '5')).toMatch('task 5 "Step" is running: it can be run again once it has ended')
    expect(await refused('show', '99')).toMatch('there is no task 99')
    runner.kill('SIGTERM')
    expect(await runner.ended).toBe(0)
    expect(ran()).toEqual(['1', '6', '7'])
  })

  it('does it in the file where no runner has it open: the next one runs what is to run, once', async () => {
    const folder = temporaryFolder()
    const { path, runner, ran } = await commanded(folder)
    runner.kill('SIGKILL')
    await runner.ended
    expect((await outcome(path, 'cancel', '4')).out).toMatch(/^task 4 is cancelled, and will not be run: no runner has/)
    expect((await outcome(path, 'cancel', '5')).code).toBe(0)
    expect(await outcome(path, 'cancel', '5')).toMatchObject({
      code: 1,
      err: expect.stringContaining('has ended already'),
    })
    expect((await outcome(path, 'rerun', '1')).out).toMatch(/^task 1 is run again when the next runner opens /)
    expect(await outcome(path, 'rerun', '3')).toMatchObject({
      code: 1,
      err: expect.stringContaining("can't be run again"),
    })
    expect(await outcome(path, 'rerun', '77')).toMatchObject({
      code: 1,
      err: expect.stringContaining('there is no task 77'),
    })
    expect(filesIn(folder)).toEqual(['effects', 'tasks.db', 'tasks.db-lock'])
    for (let start = 0; start < 2; start++) {
      const next = new RunningProgram(COMMANDED, [path, join(folder, 'effects'), 'idle'])
      await next.until('stdout', 'ready')
      while (!ran().includes('7')) await new Promise(setImmediate)
      next.kill('SIGTERM')
      await next.ended
    }
    expect(ran()).toEqual(['1', '6', '7'])
    expect((await outcome(path, '--json', '-n', '1')).out).toMatch(/^\{"id":7,.*"rerunOf":1/)
  })

  it('goes on in the file when the runner dies before it has answered', async () => {
    const { path, runner } = await commanded()
    // Frozen: it has the file, and says nothing.
    runner.kill('SIGSTOP')
    const asking = program(path, 'cancel', '4')
    await commandsIn(path, 1)
    runner.kill('SIGKILL')
    expect(await asking.ended).toBe(0)
    expect(asking.stdout).toMatch(/^task 4 is cancelled, and will not be run/)
  })

  it('leaves what was asked for to the runner when Ctrl-C comes first', async () => {
    const { path, runner } = await commanded()
    runner.kill('SIGSTOP')
    const asking = program(path, 'cancel', '4')
    await commandsIn(path, 1)
    asking.kill('SIGINT')
    expect(await asking.ended).toBe(130)
    expect(asking.stderr).toBe('taskscope: the cancel is asked for, and will be done when the runner comes to it\n')
    runner.kill('SIGCONT')
    const { out } = await outcome(path, 'cancel', '5')
    expect(out).toMatch(/^task 5 is cancelled/)
    expect((await outcome(path, 'show', '4')).out).toMatch(/status +cancelled/)
  })

  it.each([
    ['is missing', (folder: string) => join(folder, 'none.db'), /there is no file /],
    ['is a folder', (folder: string) => folder, /is a folder: name a file in it/],
    ['is a device', () => '/dev/null', /\/dev\/null is no file but a device/],
    ['is a text', (folder: string) => written(join(folder, 'a.txt'), 'Buy milk. '.repeat(500)), /is not a database/],
    ['is of another program', (folder: string) => foreign(join(folder, 'n.db')), /is a database of another program/],
  ])('refuses a file that %s, and leaves all as it is', async (_, make, message) => {
    const folder = temporaryFolder()
    const path = make(folder)
    const before = filesIn(folder)
    for (const args of [['list'], ['stats'], ['cancel', '1'], ['rerun', '1']]) {
      const { code, out, err } = await outcome(path, ...args)
      expect([code, out]).toEqual([2, ''])
      expect(err).toMatch(LINE)
      expect(err).toMatch(message)
    }
    expect(filesIn(folder)).toEqual(before)
  })

  it('reads a file of an earlier version as it is, and updates it only to change a task', async () => {
    const path = join(temporaryFolder(), 'tasks.db')
    const old = readFileSync(new URL('../fixtures/store/version-3.db', import.meta.url))
    writeFileSync(path, old)
    expect((await outcome(path, '--json', '--status', 'failed')).out).toMatch(/^\{"id":2,.*"too far"/)
    expect((await outcome(path, '--tag', 'a')).out).toBe('no tasks\n')
    expect((await outcome(path, 'stats')).out).toMatch(/^2 done, /)
    expect(readFileSync(path).equals(old)).toBe(true)
    expect((await outcome(path, 'cancel', '4')).out).toMatch(/^task 4 is cancelled/)
    expect((await outcome(path, '--json', '--status', 'cancelled')).out).toMatch(/^\{"id":4,/)
  })

  it('shows hostile texts as they are, and takes no part of them for a command', async () => {
    const evil = '\u001b]0;pwned\u0007\u001b[2J\u202e'
    const record = JSON.stringify({
      id: 1,
      name: evil,
      attempts: [],
      attempt: evil,
      rerunOf: evil,
      resultLeftOut: evil,
      priority: 0,
      status: 'failed',
      error: { value: evil },
    })
    const path = await storeWith(
      endedTask(1, 10, {
        name: evil,
        type: evil,
        tags: [evil],
        status: 'failed',
        record,
        job: JSON.stringify({ payload: evil }),
      }),
      endedTask(2, 20, { record: 'none at all' }),
      endedTask(3, 30, { status: evil as 'done' }),
    )
    for (const args of [[], ['show', '1'], ['show', '2'], ['show', '3'], ['--json'], ['stats'], ['stats', '--json']]) {
      const { code, out } = await outcome(path, ...args)
      expect(code).toBe(0)
      expect(out).not.toMatch(/[^\P{Cc}\n]|\u202e/u)
      expect(out).toMatch(/pwned|is not one of a task/)
    }
  })

  it('shows what a runner answers as it is, whatever that says', async () => {
    const path = await storeWith(pendingTask(1))
    const store = sqliteStore(path)
    await store.open(0)
    for (const [answer, said] of [
      [{ problem: 'no \u001b[2J' }, 'taskscope: no \\u{1b}[2J\n'],
      [{ cancelled: true, status: '\u001b[2J' }, 'task 1 was told to stop, and has: \\u{1b}[2J\n'],
      [
        { cancelled: true, status: 'done', abandoned: true },
        'taskscope: task 1 is done, but its work goes on: it did not stop when it was told to\n',
      ],
      [7, 'taskscope: task 1 has ended already: undefined\n'],
    ] as const) {
      const asking = program(path, 'cancel', '1')
      let id = 0
      while (id === 0) {
        await new Promise(setImmediate)
        id = store.commands?.(true)[0]?.id ?? 0
      }
      store.answer?.(id, answer as object)
      await asking.ended
      expect(asking.stdout + asking.stderr).toBe(said)
    }
    await store.close()
  })

  it.skipIf(process.getuid?.() !== 0)('lets those look who may only read the file, and change nothing', async () => {
    const folder = temporaryFolder()
    const { path, runner } = await commanded(folder)
    chmodSync(folder, 0o755)
    const asNobody = (...args: string[]) =>
      spawnSync(process.execPath, [AS_NOBODY, 'tasks', path, ...args], { encoding: 'utf8' })
    expect(asNobody('--json', '-n', '1')).toMatchObject({
      status: 0,
      stderr: '',
      stdout: expect.stringMatching(/^\{"id":6,/),
    })
    for (const args of [
      ['cancel', '4'],
      ['rerun', '1'],
    ]) {
      expect(asNobody(...args)).toMatchObject({
        status: 1,
        stderr: `taskscope: ${path} can't be written: check the permissions of the file and its folder, and that its disk is not read-only\n`,
      })
    }
    runner.kill('SIGTERM')
    await runner.ended
    expect(asNobody('stats')).toMatchObject({
      stderr: '',
      stdout: expect.stringContaining('no runner has the file open'),
    })
    expect(asNobody('rerun', '1')).toMatchObject({ status: 1, stderr: expect.stringContaining("can't be written") })
  })

  it('watches: what changes, a line for each, until it is ended', async () => {
    const path = await storeWith(pendingTask(1, { record: recordOf(1) }))
    const store = sqliteStore(path)
    await store.open(0)
    const watching = program(path, '--watch', '--json')
    await watching.until('stdout', '"id":1')
    await store.write([pendingTask(2, { record: recordOf(2) })])
    await watching.until('stdout', '"id":2')
    await store.write([endedTask(1, Date.now(), { record: recordOf(1, 'done') })])
    await watching.until('stdout', '"done"')
    const unread = program(path, '--watch')
    await unread.until('stdout', 'ID')
    unread.child.stdout?.destroy()
    await store.write([pendingTask(3, { record: recordOf(3) })])
    expect(await unread.ended).toBe(0)
    await watching.until('stdout', '"id":3')
    await store.close()
    watching.kill('SIGINT')
    expect(await watching.ended).toBe('SIGINT')
    expect(watching.stdout.match(/"id":\d/g)).toEqual(['"id":1', '"id":2', '"id":1', '"id":3'])
    expect([watching.stderr, watching.stdout.includes('\u001b')]).toEqual(['', false])
  })

  it('ends quietly when nobody reads on', async () => {
    const path = await storeWith(...Array.from({ length: 2_000 }, (_, index) => endedTask(index + 1, index)))
    const node = `"${process.execPath}" "${SCRIPT}" tasks "${path}"`
    for (const args of ['-n 2000', '-n 2000 --json']) {
      const { status, stderr } = spawnSync('sh', ['-c', `${node} ${args} | head -1`], {
        encoding: 'utf8',
        timeout: 50_000,
      })
      expect([status, stderr]).toEqual([0, ''])
    }
  })
})

describe('a command in a store', () => {
  class Count extends BaseTask<number> {
    static runs = 0
    readonly type = 'count'
    run() {
      return ++Count.runs
    }
    static fromJSON() {
      return new Count()
    }
  }

  it('waits for a place in the queue, is carried out once, and answered with what it came to', async () => {
    const path = join(temporaryFolder(), 'tasks.db')
    const runner = await TaskRunner.start({
      store: sqliteStore(path),
      tasks: [Count],
      workers: 1,
      queueSize: 0,
      logger: false,
    })
    await runner.submit(new Count())
    const blocker = runner.submit(({ signal }) => new Promise(stop => signal.addEventListener('abort', stop)))
    await blocker.accepted
    const others = new DatabaseSync(path)
    const ask = (action: string, task: number) =>
      others.prepare('INSERT INTO commands (action, task) VALUES (?, ?)').run(action, task).lastInsertRowid
    const answerOf = (id: number | bigint) => others.prepare('SELECT answer FROM commands WHERE id = ?').get(id)?.answer
    const answered = async (id: number | bigint) => {
      while (answerOf(id) === null) await new Promise(done => setTimeout(done, 5))
      return JSON.parse(String(answerOf(id)))
    }
    const rerun = ask('rerun', 1)
    const nonsense = ask('drop table', 1)
    others.exec(`INSERT INTO commands (action, task) VALUES ('cancel', 9223372036854775807)`)
    expect(await answered(ask('cancel', 1))).toEqual({ status: 'done', cancelled: false })
    expect([answerOf(rerun), answerOf(nonsense)]).toEqual([null, null])
    void blocker.cancel()
    const { task } = await answered(rerun)
    expect(await runner.wait(task)).toBe(2)
    expect(runner.getRecord(task)?.rerunOf).toBe(1)
    expect(await answered(ask('rerun', 77))).toEqual({ problem: expect.stringContaining('there is no task 77') })
    await runner.close()
    others.close()
    expect(Count.runs).toBe(2)
  })

  it('is not waited for in the time of a test, which may stand still', async () => {
    const path = join(temporaryFolder(), 'tasks.db')
    let runner: TaskRunner | undefined
    const standing = runVirtual(async () => {
      runner = await TaskRunner.start({ store: sqliteStore(path) })
      await new Promise(() => {})
    })
    await expect(standing).rejects.toThrow(/nothing/i)
    await runner?.shutdown()
  })
})

function recordOf(id: number, status = 'pending'): string {
  return JSON.stringify({
    id,
    name: 'n',
    status,
    attempt: 0,
    attempts: [],
    priority: 0,
    createdAt: 1,
    updatedAt: 1,
    abandoned: false,
  })
}

async function commandsIn(path: string, count: number): Promise<void> {
  const database = new DatabaseSync(path, { readOnly: true })
  while (database.prepare('SELECT count(*) AS count FROM commands').get()?.count !== count) {
    await new Promise(setImmediate)
  }
  database.close()
}

function written(path: string, text: string): string {
  writeFileSync(path, text)
  return path
}

function foreign(path: string): string {
  withDatabase(path, database => database.exec('CREATE TABLE notes (text)'))
  return path
}
