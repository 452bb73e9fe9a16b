import type { TestProject } from 'vitest/node'
import { findServer, skippedTests } from './servers.ts'
import { KINDS, type Kind } from './test-server.ts'

/** What `inject('servers')` gives to test files. */
export interface ProvidedServer {
  readonly url: string | undefined
  readonly startable: boolean
}

declare module 'vitest' {
  interface ProvidedContext {
    servers: Readonly<Record<Kind, ProvidedServer>>
  }
}

/** Once per run: finds the servers, says which are missing or fails for it, and ends those that it started. */
export default async function setUpServers(project: TestProject): Promise<() => Promise<void>> {
  const all = await Promise.all(KINDS.map(kind => findServer(kind)))
  const tearDown = async () => {
    await Promise.all(all.map(({ started }) => started?.[Symbol.asyncDispose]()))
  }
  const skipped = skippedTests(all)
  if (skipped !== undefined) {
    if (process.env.TASKSCOPE_REQUIRE_SERVERS === '1') {
      await tearDown()
      throw new Error(`distributed tests would be skipped, which TASKSCOPE_REQUIRE_SERVERS=1 forbids: ${skipped}`)
    }
    console.error(`distributed tests are skipped: ${skipped}`)
  }
  const provided = all.map(({ kind, url, startable }) => [kind, { url, startable }] as const)
  project.provide('servers', Object.fromEntries(provided) as Record<Kind, ProvidedServer>)
  return tearDown
}
