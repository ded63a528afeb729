// The tags that a repository has at its registry.
//
//   await tagsAt(parseReference('localhost:5000/team/app'))   → a reference for each of its tags: for pull --all-tags
//
// Invariant: it ends, however many pages a registry promises; what is no tag is not taken for one.
// @see OCI distribution spec, "Listing Tags"; RFC 8288, Link
import { parseReference, type Reference } from '@pocker/images'
import { readSmall, type Reply } from './connection.ts'
import { RegistryError, shown } from './errors.ts'
import { endpointsOf } from './hosts.ts'
import { retryOf, sessionOptions, type RegistryOptions } from './options.ts'
import { retried } from './retry.ts'
import { connect, type Session } from './session.ts'

/** Bytes of one page; and how many pages. */
const [PAGE_MAX, PAGES_MAX] = [4 * 1024 * 1024, 1000]

/** @throws {RegistryError} */
export async function tagsAt({ domain, path }: Reference, options: RegistryOptions = {}): Promise<Reference[]> {
  const retry = retryOf(options, options.signal)
  const session = await retried(retry, () =>
    connect(endpointsOf(domain, options, false), sessionOptions(options, [`repository:${path}:pull`], options.signal)))
  try {
    const tags: string[] = []
    let next: string | URL | undefined = `/v2/${path}/tags/list`
    for (let count = 0; next !== undefined; count++) {
      if (count === PAGES_MAX) throw bad(domain, `at most ${PAGES_MAX} pages of tags`, 'more')
      const page: Page = await retried(retry, () => pageAt(session, next as string | URL))
      tags.push(...page.tags)
      next = page.next
    }
    return tags.map((tag) => parseReference(`${domain}/${path}:${tag}`))
  } finally {
    session.close()
  }
}

interface Page { readonly tags: readonly string[]; readonly next: URL | undefined }

async function pageAt(session: Session, place: string | URL): Promise<Page> {
  const reply = await session.ask(place, { expect: [200] })
  return { tags: tagsIn(await readSmall(reply, PAGE_MAX), reply), next: nextOf(reply) }
}

function tagsIn(bytes: Buffer, { url }: Reply): readonly string[] {
  try {
    const { tags } = JSON.parse(bytes.toString()) as { tags: unknown }
    if (tags === null) return [] // some registries' word for none
    if (Array.isArray(tags) && tags.every((tag): tag is string => typeof tag === 'string')) return tags
  } catch { /* said below */ }
  throw bad(url.host, 'a list of tags', JSON.stringify(shown(bytes.toString()).slice(0, 60)))
}

/** Of the same registry: another one's tags are not asked for. */
function nextOf({ headers: { link = '' }, url }: Reply): URL | undefined {
  const target = /<([^>]*)>\s*;\s*rel="?next"?/.exec(String(link))?.[1]
  if (target === undefined) return undefined
  const next = URL.canParse(target, url.href) ? new URL(target, url) : undefined
  if (next?.origin === url.origin) return next
  throw bad(url.host, 'its own address in Link', JSON.stringify(shown(target)))
}

const bad = (host: string, expected: string, got: string): RegistryError =>
  new RegistryError('BAD_ANSWER', `${host}: expected ${expected}, got ${got}`)
