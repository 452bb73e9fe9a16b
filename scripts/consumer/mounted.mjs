/** The inspector in the servers that its guide names, as the guide has it. */
import assert from 'node:assert/strict'
import express from 'express'
import Fastify from 'fastify'
import { TaskManager } from 'taskscope'
import { inspectorHandler } from 'taskscope/inspector'

const manager = await TaskManager.start({ name: 'main' })
const inspector = inspectorHandler({ main: manager })

async function check(name, origin) {
  const url = `${origin}/inspector/`
  assert.match(await (await fetch(url)).text(), /<!doctype html>/)
  assert.equal((await fetch(`${url}page/app.js`)).status, 200)
  const events = (await fetch(`${url}api/events`)).body.getReader()
  assert.match(new TextDecoder().decode((await events.read()).value), /"name":"main"/)
  await events.cancel()
  const body = JSON.stringify({ target: 'main', action: 'pause' })
  const headers = { 'content-type': 'application/json', origin }
  assert.equal((await fetch(`${url}api/action`, { method: 'POST', headers, body })).status, 200)
  assert.equal(manager.stats().paused, true)
  manager.resume()
  console.log(`the inspector is mounted in ${name}`)
}

for (const parses of [false, true]) {
  const app = express()
  if (parses) app.use(express.json())
  app.use('/inspector', (request, response) => inspector.node(request, response, request.body))
  const server = app.listen(0, '127.0.0.1')
  await new Promise(resolve => server.once('listening', resolve))
  await check(`Express${parses ? ', which parses JSON' : ''}`, `http://127.0.0.1:${server.address().port}`)
}

const fastify = Fastify()
fastify.all('/inspector/*', (request, reply) => {
  reply.hijack()
  inspector.node(request.raw, reply.raw, request.body)
})
await check('Fastify', await fastify.listen({ port: 0, host: '127.0.0.1' }))
process.exit()
