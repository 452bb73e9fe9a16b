import { StoreError } from '../../src/index.ts'
import { Interrupted, interruption } from '../api-client/interrupt.ts'
import { type Arguments, HELP, parseArguments, UsageError } from './arguments.ts'
import { Crawl } from './crawl.ts'
import { Site } from './site.ts'

async function main(argv: readonly string[]): Promise<number> {
  const given = parseArguments(argv)
  if (given.help) {
    process.stdout.write(HELP)
    return 0
  }
  const site = given.url === undefined ? await Site.start(given.pages) : undefined
  try {
    return await crawl(given, given.url ?? new URL(site?.url as string))
  } finally {
    await site?.close()
  }
}

async function crawl({ store, rate }: Arguments, url: URL): Promise<number> {
  const signal = AbortSignal.any([interruption(), left.signal])
  const run = await Crawl.start({ url, store, rate, signal })
  if (run.before > 0) process.stderr.write(`crawl: ${run.before} pages were crawled before\n`)
  let crawled = 0
  let failed = 0
  for await (const each of run.pages()) {
    if ('error' in each) {
      failed += 1
      process.stderr.write(`crawl: ${each.error}\n`)
    } else {
      crawled += 1
      const { status, bytes, links } = each.page
      process.stdout.write(`${status}\t${bytes}\t${links}\t${each.page.url}\n`)
    }
  }
  await run.close()
  process.stderr.write(`crawl: ${crawled} pages, ${failed} failed\n`)
  if (signal.reason instanceof Interrupted) {
    process.stderr.write(`crawl: ${signal.reason.message}${store === undefined ? '' : ', the rest is kept'}\n`)
    return signal.reason.exitCode
  }
  return failed > 0 ? 1 : 0
}

/** A reader who has left needs no more pages. */
const left = new AbortController()
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
  left.abort()
})
process.stderr.on('error', () => {})

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  if (!(error instanceof UsageError || error instanceof StoreError)) throw error
  process.stderr.write(`crawl: ${error.message}${error instanceof UsageError ? ' (--help says more)' : ''}\n`)
  process.exitCode = error instanceof UsageError ? 2 : 1
}
