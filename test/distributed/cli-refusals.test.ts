import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { pid } from '../fixtures/bullmq/functions.ts'
import { describeEachOwnServer } from '../servers/describe-each-server.ts'
import { queueName } from '../servers/queues.ts'
import { temporaryFolder } from '../servers/temporary-folder.ts'
import { caller, command, FUNCTIONS, serving } from './command-line.ts'

const NOBODY = 'redis://127.0.0.1:1'

/** One line and no stack. */
const LINE = /^taskscope: [^\n]+\n$/

describe.skipIf(process.platform === 'win32' || !process.features.typescript)(
  'taskscope serve, where something is wrong,',
  () => {
    describeEachOwnServer('hides the password', ({ kind, start }) => {
      it('that was refused, and the right one', async () => {
        await using server = await start({ password: 'the-right-one' })
        const wrong = server.url.replace('the-right-one', 'wrong-one')
        const refused = command(['serve', FUNCTIONS, '-q', queueName(), `--${kind}`, wrong])
        expect(await refused.ended).toBe(1)
        expect(refused.stderr).toMatch(LINE)
        expect(refused.stderr).toMatch(/:\*\*\*@127\.0\.0\.1.* refused this client: /)
        expect(refused.stderr).not.toContain('wrong-one')
        const right = await serving(server, queueName(), [FUNCTIONS])
        expect(right.stderr).toMatch(/on (redis:\/\/|postgres:\/\/postgres):\*\*\*@127\.0\.0\.1:/)
        expect(right.stderr).not.toContain('the-right-one')
      })
    })

    describeEachOwnServer('that has lost its server', ({ start }) => {
      it('says so, goes on when it is back, and ends when told to', async () => {
        await using server = await start()
        const queue = queueName()
        const program = await serving(server, queue, [FUNCTIONS])
        await server.stop()
        await program.until('stderr', "can't be reached; what waits for it goes on when it is back: ")
        await server.start()
        expect(await caller(server, queue, pid)()).toBe(program.child.pid)
        program.kill('SIGTERM')
        expect(await program.ended).toBe(0)
        expect(program.stderr).toMatch(
          /^taskscope: functions: [^\n]+\ntaskscope: serving [^\n]+\ntaskscope: the queue [^\n]+\ntaskscope: stopped: 1 done/,
        )
      })
    })

    it.each([
      ['SIGINT', 130],
      ['SIGTERM', 143],
    ] as const)('exits at once on %s before it serves', async (signal, exitCode) => {
      const path = join(temporaryFolder(), 'tasks.mjs')
      writeFileSync(path, "setInterval(() => {}); console.log('loading'); await new Promise(() => {})")
      const program = command(['serve', path, '-q', 'q', '--redis', NOBODY])
      await program.until('stdout', 'loading')
      program.kill(signal)
      expect(await program.ended).toBe(exitCode)
      expect(program.stderr).toBe('')
    })

    it.each([
      [[], 'the command is missing'],
      [['serve', 'tasks.js'], '--queue is missing'],
      [
        ['serve', 'tasks.js', '-q', 'q', '--postgres', 'postgres://u:secret@h:x'],
        '--postgres must be a URL like postgres://',
      ],
      [['serve', 'tasks.js', '-q', 'q', '--what'], "Unknown option '--what'"],
    ])('refuses wrong usage with one line and exit code 2: %j', async (args, message) => {
      const program = command(args)
      expect(await program.ended).toBe(2)
      expect(program.stdout).toBe('')
      expect(program.stderr).toMatch(LINE)
      expect(program.stderr).toContain(`taskscope: ${message}`)
      expect(program.stderr).toContain('(--help says more)')
      expect(program.stderr).not.toContain('secret')
    })

    it.each([
      ['redis', 'redis://user:secret@127.0.0.1:1', 'redis://user:***@127.0.0.1:1 could not be reached within 200 ms: '],
      [
        'postgres',
        'postgres://user:secret@127.0.0.1:1/test',
        'postgres://user:***@127.0.0.1:1/test could not be reached',
      ],
    ])('says in one line that there is no %s, and exits with 1', async (kind, url, message) => {
      const program = command(['serve', FUNCTIONS, '-q', 'q', `--${kind}`, url, '--connect-timeout', '200'])
      expect(await program.ended).toBe(1)
      expect(program.stderr).toMatch(LINE)
      expect(program.stderr).toContain(`taskscope: ${message}`)
      expect(program.stderr).not.toContain('secret')
    })

    it.each([
      ['is not there', undefined, /there is no file \/.*\/tasks\.mjs\n$/],
      [
        'throws',
        "export const a = () => 1\nthrow new RangeError('not\\ntoday')",
        /: not today \(file:.*tasks\.mjs:2:7\)\n$/,
      ],
      ['is no JavaScript', 'export const a = a a', /tasks\.mjs: Unexpected identifier 'a'\n$/],
      [
        'lacks a package',
        "import 'no-such-package'",
        /Cannot find package 'no-such-package' imported from \/.*tasks\.mjs\n$/,
      ],
      ['has no functions', 'export const a = 1', /tasks\.mjs has no functions to serve: export them, or pass/],
      [
        'never ends loading',
        'await new Promise(() => {})',
        /tasks\.mjs waits at its top level for something that never/,
      ],
    ])('says in one line that its module %s, and exits with 1', async (_, code, message) => {
      const folder = temporaryFolder()
      if (code !== undefined) writeFileSync(join(folder, 'tasks.mjs'), code)
      const program = command(['serve', 'tasks.mjs', '-q', 'q', '--redis', NOBODY], { cwd: folder })
      expect(await program.ended).toBe(1)
      expect(program.stderr).toMatch(LINE)
      expect(program.stderr).toMatch(message)
    })

    it('says that its module is a folder', async () => {
      const folder = temporaryFolder()
      const program = command(['serve', folder, '-q', 'q', '--redis', NOBODY])
      expect(await program.ended).toBe(1)
      expect(program.stderr).toBe(`taskscope: ${folder} is a folder: name a file of it\n`)
    })

    it.each([
      [
        '--help',
        /^Usage: taskscope serve MODULE .*--queue.*--redis.*--postgres.*--jobs.*--close-timeout.*Exit codes:/s,
      ],
      ['--version', /^\d+\.\d+\.\d+\n$/],
    ])('answers %s on stdout', async (option, answer) => {
      const program = command([option, 'missing'])
      expect(await program.ended).toBe(0)
      expect(program.stderr).toBe('')
      expect(program.stdout).toMatch(answer)
    })
  },
)
