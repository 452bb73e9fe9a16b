import { describe, expect, it } from 'vitest'
import { parseArguments } from '../../src/cli/arguments.ts'

const REDIS = 'redis://127.0.0.1:6379'
const POSTGRES = 'postgres://postgres@127.0.0.1:5432/test'
const SERVE = ['serve', './tasks.ts', '--queue', 'q']

describe('the command line', () => {
  it('may be as short as this', () => {
    expect(parseArguments([...SERVE, '--redis', REDIS], {})).toEqual({
      command: 'serve',
      module: './tasks.ts',
      options: { queue: 'q', connection: REDIS },
      ports: { host: '127.0.0.1' },
    })
  })

  it('has an option for each of these', () => {
    const args = 'serve -q q --postgres URL -j 8 --mode process --prefix p --lock-duration 1 --close-timeout 0 file.js'
    const more = ['--cleanup-timeout=2', '--connect-timeout=3', '--inspect=0', '--metrics=9464', '--host=::']
    const last = ['--token=t', '--read-only']
    const argv = [...args.split(' ').map(word => (word === 'URL' ? POSTGRES : word)), ...more, ...last]
    expect(parseArguments(argv, {})).toEqual({
      command: 'serve',
      module: 'file.js',
      options: {
        queue: 'q',
        connection: POSTGRES,
        maxTasks: 8,
        mode: 'process',
        prefix: 'p',
        lockDuration: 1,
        closeTimeout: 0,
        cleanupTimeout: 2,
        connectTimeout: 3,
      },
      ports: { host: '::', inspect: 0, metrics: 9464, token: 't', readOnly: true },
    })
  })

  it.each([
    [['--help'], 'help'],
    [['serve', '-h'], 'help'],
    [[...SERVE, '--version'], 'version'],
  ])('may just ask: %j', (argv, command) => {
    expect(parseArguments(argv, {})).toEqual({ command })
  })

  it.each([
    [{ REDIS_URL: REDIS }, [], REDIS],
    [{ DATABASE_URL: POSTGRES }, [], POSTGRES],
    [{ DATABASE_URL: POSTGRES, REDIS_URL: '' }, [], POSTGRES],
    [{ DATABASE_URL: POSTGRES, REDIS_URL: 'redis://elsewhere' }, ['--redis', REDIS], REDIS],
    [{ REDIS_URL: REDIS }, ['--postgres', POSTGRES], POSTGRES],
  ])('names the server, or else the environment does: %j and %j', (env, options, connection) => {
    expect(parseArguments([...SERVE, ...options], env)).toMatchObject({ options: { connection } })
  })

  it.each([
    [{}, 'the server is missing: pass --redis URL or --postgres URL'],
    [{ REDIS_URL: REDIS, DATABASE_URL: POSTGRES }, 'both REDIS_URL and DATABASE_URL are set'],
    [{ DATABASE_URL: 'mysql://u:secret@h/d' }, 'DATABASE_URL must be a URL like postgres://user@host:port/database'],
    [{ REDIS_URL: 'localhost:6379' }, 'REDIS_URL must be a URL like redis://host:port'],
  ])('needs one server: %j', (env, message) => {
    expect(() => parseArguments(SERVE, env)).toThrow(message)
  })

  it.each([
    ['--redis', 'redis://user:secret@h/x'],
    ['--redis', 'redis://user:sec/secret@h'],
    ['--redis', 'redis://:sec?secret@h'],
    ['--redis', 'redis:secret@h'],
    ['--redis', 'user:secret@h'],
    ['--postgres', 'redis://user:secret@h'],
    ['--postgres', 'postgres://user:sec#secret@h/test'],
    ['--postgres', 'http://user:secret@h/test'],
  ])('never has its password repeated: %s %s', (...server) => {
    expect(() => parseArguments([...SERVE, ...server], {})).toThrow(`${server[0]}`)
    expect(() => parseArguments([...SERVE, ...server], {})).not.toThrow('secret')
  })

  it.each([
    [[], 'the command is missing'],
    [['server'], 'there is no command "server", only serve'],
    [['serve', '-q', 'q'], 'the module is missing'],
    [['serve', '', '-q', 'q'], 'the module is missing'],
    [['serve', 'a', 'b', '-q', 'q'], 'one module at a time, got 2'],
    [['serve', 'a'], '--queue is missing'],
    [['serve', 'a', '--queue='], '--queue must not be empty'],
    [['serve', 'a', '-q', 'a:b', '--redis', REDIS], `queue must be a name without ':', got "a:b"`],
    [[...SERVE, '--redis', REDIS, '--postgres', POSTGRES], '--redis and --postgres: only one of them'],
    [[...SERVE, '--redis', 'redis://h/x'], '--redis: the path of a Redis URL must be the number of a database'],
    [[...SERVE, '--redis', REDIS, '--prefix', ''], '--prefix must not be empty'],
    [[...SERVE, '--redis', REDIS, '--mode', 'sync'], '--mode must be one of async, thread, process, got "sync"'],
    [[...SERVE, '--redis', REDIS, '--jobs', '0'], '--jobs must be a whole number from 1 to'],
    [[...SERVE, '--redis', REDIS, '--jobs', '1.5'], '--jobs must be a whole number from 1 to'],
    [[...SERVE, '--redis', REDIS, '--jobs='], '--jobs must be a whole number from 1 to'],
    [[...SERVE, '--redis', REDIS, '--jobs', '-1'], "Option '--jobs' argument is ambiguous"],
    [
      [...SERVE, '--redis', REDIS, '--lock-duration', '0'],
      '--lock-duration must be a whole number from 1 to 2147483647',
    ],
    [
      [...SERVE, '--redis', REDIS, '--close-timeout', 'x'],
      '--close-timeout must be a whole number from 0 to 2147483647',
    ],
    [[...SERVE, '--redis', REDIS, '--cleanup-timeout=-1'], '--cleanup-timeout must be a whole number from 0'],
    [[...SERVE, '--redis', REDIS, '--connect-timeout', '0'], '--connect-timeout must be a whole number from 1'],
    [[...SERVE, '--redis', REDIS, '--metrics', 'x'], '--metrics must be a whole number from 0 to 65535, got "x"'],
    [[...SERVE, '--redis', REDIS, '--inspect', '65536'], '--inspect must be a whole number from 0 to 65535'],
    [[...SERVE, '--redis', REDIS, '--inspect', '1', '--metrics', '1'], '--inspect and --metrics need a port each'],
    [[...SERVE, '--redis', REDIS, '--host', '::'], '--host is of --inspect and --metrics'],
    [[...SERVE, '--redis', REDIS, '--metrics', '1', '--host='], '--host must not be empty'],
    [[...SERVE, '--redis', REDIS, '--metrics', '1', '--token', 't'], '--token is of --inspect'],
    [[...SERVE, '--redis', REDIS, '--read-only'], '--read-only is of --inspect'],
    [[...SERVE, '--redis', REDIS, '--inspect', '1', '--token='], '--token must not be empty'],
    [
      [...SERVE, '--redis', REDIS, '--inspect', '1', '--host', '0.0.0.0'],
      '--inspect on --host 0.0.0.0 can be reached from other machines',
    ],
    [[...SERVE, '--job', '8'], "Unknown option '--job'"],
    [['serve', 'a', '-q'], "Option '-q, --queue <value>' argument missing"],
    [[...SERVE, '--help=yes'], "Option '-h, --help' does not take an argument"],
  ])('says in one line what is wrong with it: %j', (argv, message) => {
    expect(() => parseArguments(argv, {})).toThrow(expect.objectContaining({ name: 'UsageError' }))
    expect(() => parseArguments(argv, {})).toThrow(message)
    expect(() => parseArguments(argv, {})).not.toThrow('\n')
  })
})
