import { request } from 'node:http'
import { networkInterfaces } from 'node:os'
import { expect, it } from 'vitest'
import { TaskManager } from '../../src/index.ts'
import { inspect, inspectorHandler } from '../../src/inspector.ts'
import { get, opened, post } from './set-up.ts'

function hasIpv6(): boolean {
  return Object.values(networkInterfaces()).some(all => all?.some(({ address }) => address === '::1'))
}

const TOKEN = 'a secret of some length'

it('is answered by names of this machine alone, so that no other name can be made to lead here', async () => {
  const handler = opened(await TaskManager.start())
  const statusFor = async (host: string) => (await handler(get('/', { host }))).status
  for (const host of ['localhost', 'localhost:4600', '127.0.0.1:4600', '127.1.2.3', '[::1]:4600', 'app.localhost']) {
    expect([host, await statusFor(host)]).toEqual([host, 200])
  }
  for (const host of [
    'evil.example',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    '192.168.1.2',
    'localhost@evil.example',
    '',
  ]) {
    expect([host, await statusFor(host)]).toEqual([host, 403])
  }
})

it('is answered by other names that it was told of', async () => {
  const handler = opened(await TaskManager.start(), { hosts: ['tasks.example'] })
  expect((await handler(get('/', { host: 'tasks.example:8080' }))).status).toBe(200)
  expect((await handler(get('/', { host: 'other.example' }))).status).toBe(403)
})

it('takes no requests that pages elsewhere have sent', async () => {
  const manager = await TaskManager.start({ name: 'main' })
  const handler = opened(manager)
  const pause = { target: 'main', action: 'pause' }
  const own = { host: '127.0.0.1:4600' }
  const refused = [
    { origin: 'http://evil.example' },
    { origin: 'http://127.0.0.1:9999' },
    { origin: 'null' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
  ]
  for (const headers of refused) expect((await handler(post(pause, { ...own, ...headers }))).status).toBe(403)
  expect((await handler(post(pause, { ...own, 'content-type': 'text/plain' }))).status).toBe(415)
  expect((await handler(get('/api/events', { ...own, 'sec-fetch-site': 'cross-site' }))).status).toBe(403)
  expect(manager.stats().paused).toBe(false)
  const headers = { ...own, origin: 'http://127.0.0.1:4600', 'sec-fetch-site': 'same-origin' }
  expect((await handler(post(pause, headers))).status).toBe(200)
  expect(manager.stats().paused).toBe(true)
})

it('can be opened by a link from elsewhere', async () => {
  const handler = opened(await TaskManager.start())
  const link = { host: 'localhost', 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' }
  expect((await handler(get('/', link))).status).toBe(200)
})

it('shows nothing without its token, and remembers it in a cookie that no script can read', async () => {
  const handler = opened(await TaskManager.start(), { token: TOKEN })
  for (const path of ['/', '/page/app.js', '/api/events', `/?token=${TOKEN}x`]) {
    expect((await handler(get(path))).status).toBe(401)
  }
  const opening = await handler(get(`/?token=${encodeURIComponent(TOKEN)}`, { host: 'tasks.example' }))
  expect([opening.status, opening.headers.get('location')]).toEqual([303, './'])
  // The address with the token is in the history of no browser, and no page after it is told.
  expect(opening.headers.get('referrer-policy')).toBe('no-referrer')
  const cookie = opening.headers.get('set-cookie') as string
  expect(cookie).toMatch(/; HttpOnly; SameSite=Strict$/)
  const kept = cookie.split(';')[0] as string
  // Other ports of the host get it, too.
  expect(decodeURIComponent(cookie)).not.toContain(TOKEN)
  expect((await handler(get('/', { cookie: `taskscope_inspector=${encodeURIComponent(TOKEN)}` }))).status).toBe(401)
  const secure = await handler(new Request(`https://tasks.example/?token=${encodeURIComponent(TOKEN)}`))
  expect(secure.headers.get('set-cookie')).toMatch(/; Secure$/)
  expect((await handler(get('/', { host: 'tasks.example', cookie: `other=1; ${kept}` }))).status).toBe(200)
  expect((await handler(get('/', { authorization: `Bearer ${TOKEN}` }))).status).toBe(200)
})

it('has headers that keep everything else away from the page', async () => {
  const handler = opened(await TaskManager.start())
  for (const path of ['/', '/page/app.js', '/api/history?target=x', '/api/nothing']) {
    const { headers } = await handler(get(path))
    const policy = headers.get('content-security-policy') as string
    expect(policy).toContain("default-src 'none'")
    expect(policy).toContain("script-src 'self'")
    expect(policy).toContain("frame-ancestors 'none'")
    expect(policy).not.toContain('unsafe')
    expect(headers.get('x-content-type-options')).toBe('nosniff')
    expect(headers.get('cache-control')).toBe('no-store')
  }
})

it('sends nobody elsewhere for a path without its slash', async () => {
  const handler = opened(await TaskManager.start())
  const at = async (path: string) => {
    const response = await handler(get(path))
    return [response.status, response.headers.get('location')]
  }
  expect(await at('/tasks')).toEqual([303, './tasks/'])
  expect(await at('//evil.example')).toEqual([303, './evil.example/'])
  expect(await at('/tasks/')).toEqual([200, null])
  expect(await at('/tasks/page/style.css')).toEqual([200, null])
})

it('refuses to be reached from other machines without a token', async () => {
  const manager = await TaskManager.start()
  await expect(inspect(manager, { host: '0.0.0.0' })).rejects.toThrow(
    /^host '0\.0\.0\.0' can be reached .* set a token/,
  )
  await using inspector = await inspect(manager, { host: '0.0.0.0', token: TOKEN })
  const url = `http://127.0.0.1:${inspector.port}/`
  expect((await fetch(url)).status).toBe(401)
  expect((await fetch(url, { headers: { authorization: `Bearer ${TOKEN}` } })).status).toBe(200)
})

it.skipIf(!hasIpv6())('is reached by the IPv6 loopback, and by no name that was made to lead there', async () => {
  const manager = await TaskManager.start()
  await using inspector = await inspect(manager, { host: '::1' })
  expect(inspector.url).toBe(`http://[::1]:${inspector.port}/`)
  expect((await fetch(inspector.url)).status).toBe(200)
  const status = await new Promise(resolve => {
    const headers = { host: `evil.example:${inspector.port}` }
    request({ host: '::1', port: inspector.port, headers, agent: false }, ({ statusCode }) => resolve(statusCode)).end()
  })
  expect(status).toBe(403)
})

it('refuses what it does not know', async () => {
  const manager = await TaskManager.start()
  expect(() => inspectorHandler(manager, { tokn: 'x' } as object)).toThrow(/token/)
  expect(() => inspectorHandler(manager, { token: '' })).toThrow(RangeError)
  expect(() => inspectorHandler({ main: {} as TaskManager })).toThrow(/a target must be/)
  await expect(inspect(manager, { port: 65_536 })).rejects.toThrow(RangeError)
  await expect(inspect(manager, { port: '80' as unknown as number })).rejects.toThrow(TypeError)
})
