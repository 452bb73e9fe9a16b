import { Converter, PageEvent } from 'typedoc'

/** Calls each guide page by its first heading, where TypeDoc would take the name of the file, and the first page once. */
export function load(app) {
  app.converter.on(Converter.EVENT_CREATE_DOCUMENT, (_, document) => {
    const heading = document.content.find(({ kind }) => kind === 'text')?.text.match(/^# (.+)$/m)
    if (heading) document.name = heading[1].replaceAll('`', '')
  })
  app.renderer.on(PageEvent.END, page => {
    if (page.url !== 'index.html' || page.contents === undefined) return
    const twice = /<div class="tsd-page-title">\s*<h1>([^<]*)<\/h1><\/div>(?=\s*<div class="[^"]*"><h1 [^>]*>\1<)/
    page.contents = page.contents.replace(twice, '')
  })
}
