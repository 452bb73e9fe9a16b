#!/usr/bin/env node
import { parseArguments } from './arguments.ts'
import { HELP, TASKS_HELP, version } from './help.ts'
import { reasonOf, say } from './say.ts'
import { UsageError } from './usage.ts'

/** The reader of the output may leave: that is no reason to stop working. */
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})

// Not awaited: Node has words of its own for a module that never finishes loading.
main().catch(error => {
  const usage = error instanceof UsageError
  say(`${reasonOf(error)}${usage ? ' (--help says more)' : ''}`)
  process.exit(usage ? 2 : 1)
})

async function main(): Promise<void> {
  const parsed = parseArguments(process.argv.slice(2), process.env)
  if (parsed.command === 'tasks') {
    const { tasksCommand } = await import('./tasks-command.ts')
    return tasksCommand(parsed)
  }
  if (parsed.command === 'serve') {
    const { serveCommand } = await import('./serve-command.ts')
    await serveCommand(parsed)
    // What a module or a function has left open must not keep the process.
    process.exit()
  }
  const texts = { help: HELP, 'tasks-help': TASKS_HELP, version: `${version()}\n` }
  process.stdout.write(texts[parsed.command])
}
