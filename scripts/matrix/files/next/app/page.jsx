'use client'
import { useEffect } from 'react'
import { core, hasNoThreads } from '../core.js'
import { routes } from '../routes.js'

async function run() {
  await hasNoThreads()
  for (const route of routes) {
    const answer = await (await fetch(route)).text()
    if (!answer.endsWith('work') && answer !== 'core works') throw new Error(`${route}: ${answer}`)
  }
  return core(false)
}

export default function Page() {
  useEffect(() => {
    run().then(
      title => {
        document.title = title
      },
      error => {
        document.title = `Error: ${error.stack}`
      },
    )
  }, [])
  return <p>the core runs here, too</p>
}
