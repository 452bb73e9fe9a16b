import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { parseArguments } from '../../src/cli/arguments.ts'

const PAGE = readFileSync(new URL('../../docs/guide/containers.md', import.meta.url), 'utf8')

it('takes each command line of the page about containers', () => {
  const commands = PAGE.matchAll(/node_modules\/\.bin\/taskscope (.+)$/gm).map(([, args = '']) => args.split(' '))
  const env = { REDIS_URL: 'redis://redis:6379', TASKSCOPE_TOKEN: 'token' }
  expect([...commands].map(args => parseArguments(args, env))).toEqual([
    {
      command: 'serve',
      module: './tasks.js',
      options: { queue: 'images', connection: 'redis://redis:6379', closeTimeout: 20_000 },
      ports: { host: '0.0.0.0', inspect: 4_600, metrics: 9_464, token: 'token' },
    },
    expect.objectContaining({ command: 'tasks', file: '/data/tasks.db' }),
    expect.objectContaining({ command: 'tasks', file: '/data/tasks.db' }),
  ])
})
