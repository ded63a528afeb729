// Tells when an answer is saved, or a file beside it that it may import.
//
//   const stop = onSave('/…/exercises/02-uts', (file) => …)   → called once, with `names.ts`, for what an editor does to save once
//
// Editors write a new file and rename it over the old one, so the folder is watched, not the file. No polling.
import { watch } from 'node:fs'

/** Editors take several steps to save; what comes within these milliseconds is one save. */
const TOGETHER = 60

/** @throws if the machine cannot watch any more folders (ENOSPC) */
export function onSave(folder: string, saved: (file: string) => void, failed: (error: Error) => void): () => void {
  let timer: NodeJS.Timeout | undefined
  const watcher = watch(folder, (_, file) => {
    if (file !== null && !isSource(file)) return
    clearTimeout(timer)
    timer = setTimeout(() => saved(file ?? ''), TOGETHER)
  })
  watcher.on('error', failed)
  return () => {
    clearTimeout(timer)
    watcher.close()
  }
}

/** Not what is kept of old answers, nor an editor's own files. */
const isSource = (file: string): boolean => /^[^.#~].*\.ts$/.test(file)
