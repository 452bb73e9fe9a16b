/** Opens a folder in Chromium and waits until its page has set its title: `node browser.js <folder> [<address of a server>]` */
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { extname, join } from 'node:path'
import { chromium } from 'playwright-core'

const [folder, address] = process.argv.slice(2)
const TYPES = { '.html': 'text/html', '.js': 'text/javascript', '.mjs': 'text/javascript' }

const server = createServer(async (request, response) => {
  const { pathname } = new URL(request.url, 'http://localhost')
  const path = join(folder, pathname === '/' ? 'index.html' : pathname)
  const body = await readFile(path).catch(() => undefined)
  response.writeHead(body === undefined ? 404 : 200, {
    'content-type': TYPES[extname(path)] ?? 'application/octet-stream',
  })
  response.end(body)
})
await new Promise(resolve => server.listen(0, '127.0.0.1', resolve))

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: ['--no-sandbox'] })
try {
  const page = await browser.newPage()
  page.on('pageerror', error => console.log(`error in the page: ${error.stack}`))
  page.on('console', message => console.log(`console: ${message.text()}`))
  page.on('requestfailed', request => console.log(`failed: ${request.url()}`))
  await page.goto(address ?? `http://127.0.0.1:${server.address().port}/`)
  await page.waitForFunction(() => /works|Error/.test(document.title), undefined, { timeout: 100_000 })
  const title = await page.title()
  console.log(title)
  if (title !== 'core works') process.exitCode = 1
} finally {
  await browser.close()
  server.close()
}
