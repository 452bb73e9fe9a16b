import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Hono } from 'hono'
import { expect, it, onTestFinished } from 'vitest'
import { TaskManager } from '../../src/index.ts'
import type { InspectorHandler } from '../../src/inspector.ts'
import { opened } from './set-up.ts'

async function served(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** As a page does it. */
async function pause(url: string): Promise<number> {
  const headers = { 'content-type': 'application/json', origin: new URL(url).origin }
  const body = JSON.stringify({ target: 'main', action: 'pause' })
  return (await fetch(`${url}api/action`, { method: 'POST', headers, body })).status
}

/** What these frameworks hand on. */
const FRAMEWORKS: readonly (readonly [name: string, mount: (inspector: InspectorHandler) => RequestListener])[] = [
  [
    'Hono',
    inspector => {
      const app = new Hono().all('/inspector/*', context => inspector(context.req.raw))
      return async (incoming, outgoing) => {
        const chunks: Buffer[] = []
        for await (const chunk of incoming) chunks.push(chunk as Buffer)
        const response = await app.request(`http://${incoming.headers.host}${incoming.url}`, {
          method: incoming.method as string,
          headers: incoming.headers as Record<string, string>,
          ...(incoming.method === 'POST' && { body: Buffer.concat(chunks) }),
        })
        outgoing.writeHead(response.status, Object.fromEntries(response.headers))
        for await (const chunk of response.body ?? []) outgoing.write(chunk)
        outgoing.end()
      }
    },
  ],
  ['the server of Node', inspector => inspector.node],
  [
    'Express, which takes the path of the mount away',
    inspector => (request, response) => {
      const originalUrl = request.url as string
      inspector.node(Object.assign(request, { originalUrl, url: originalUrl.slice('/inspector'.length) }), response)
    },
  ],
  [
    'Express and Fastify, where JSON was parsed before',
    inspector => async (request, response) => {
      let text = ''
      for await (const chunk of request) text += chunk
      inspector.node(request, response, text === '' ? undefined : JSON.parse(text))
    },
  ],
]

it.each(FRAMEWORKS)('the inspector is mounted in %s', async (_, mount) => {
  await using manager = await TaskManager.start({ name: 'main' })
  const url = `${await served(mount(opened({ main: manager })))}/inspector/`
  expect((await fetch(url.slice(0, -1), { redirect: 'manual' })).status).toBe(303)
  expect(await (await fetch(url)).text()).toContain('<!doctype html>')
  expect((await fetch(`${url}page/app.js`)).headers.get('content-type')).toContain('text/javascript')
  const events = await fetch(`${url}api/events`)
  const reader = events.body?.getReader()
  expect(new TextDecoder().decode((await reader?.read())?.value)).toContain('"name":"main"')
  await reader?.cancel()
  expect(await pause(url)).toBe(200)
  expect(manager.stats().paused).toBe(true)
  manager.resume()
})

it('reads no more of a body than it may take', async () => {
  await using manager = await TaskManager.start({ name: 'main' })
  let read = 0
  const endless = new ReadableStream({
    pull(controller) {
      read += 1
      controller.enqueue(new Uint8Array(1_000))
    },
  })
  const request = new Request('http://127.0.0.1/api/action', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: endless,
    duplex: 'half',
  } as RequestInit)
  expect((await opened(manager)(request)).status).toBe(413)
  expect(read).toBeLessThan(20)
})
