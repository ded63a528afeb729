// What is exported besides the course itself: small programs, and what students read first.
//
// Invariant: pure. The programs need node, sh and nothing else; where node is too old, setup.sh fetches one.
export const IGNORED = 'node_modules/\n.course.json*\n*.mine-*\n*.log\n'

export const readme = (kind: string): string => `# pocker: the course

\`\`\`
npm install
npx course
\`\`\`

The first command needs no network. The second shows the next exercise, and grades it whenever you save its file.
\`npx course doctor\` tells what your machine can do; [docs/student.md](docs/student.md) helps with the rest.
The lessons are in \`chapters/NN-topic/README.md\`. This copy was made for ${kind}.
`

/** node_modules, as npm install would make it of packages that are all here. */
export const LINK = `// Links every package of the course into node_modules: what npm install does, without npm.
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const here = dirname(fileURLToPath(import.meta.url))
const inside = (dir) => readdirSync(join(here, dir), { withFileTypes: true })
  .filter((entry) => entry.isDirectory()).map(({ name }) => join(dir, name))
const vendor = inside('vendor').flatMap((dir) => (dir.includes('@') ? inside(dir) : [dir]))
for (const dir of [...inside('chapters'), ...vendor, 'pocker', 'exercises/grader', 'docs/course']) {
  if (!existsSync(join(here, dir, 'package.json'))) continue
  const { name } = JSON.parse(readFileSync(join(here, dir, 'package.json'), 'utf8'))
  const link = join(here, 'node_modules', name)
  mkdirSync(dirname(link), { recursive: true })
  rmSync(link, { recursive: true, force: true })
  symlinkSync(join(here, dir), link)
  const program = join(here, dir, 'bin/esbuild')
  if (existsSync(program)) chmodSync(program, 0o755) // not everybody who unpacks a zip file keeps the modes
}
`

const NODE = '20.19.5'

/** Gradescope runs it once, when the image is made, with a network. */
export const setup = (): string => `#!/bin/sh
# Makes an image that can grade: node ${NODE.split('.')[0]}, busybox, and the course's packages, which are all here.
set -eu
cd "$(dirname "$0")"
good() {
  command -v node >/dev/null &&
    node -e 'const [a, b] = process.versions.node.split("."); process.exit(a > 20 || (a == 20 && b >= 19) ? 0 : 1)'
}
have() { command -v busybox >/dev/null || test -x /bin/busybox; }
if ! good || ! have; then
  export DEBIAN_FRONTEND=noninteractive
  apt-get -q update
  apt-get -q -y install --no-install-recommends busybox-static ca-certificates
  good || apt-get -q -y install --no-install-recommends nodejs || true
fi
if ! good; then
  apt-get -q -y install --no-install-recommends curl xz-utils
  case "$(uname -m)" in x86_64) arch=x64;; aarch64) arch=arm64;; *) echo "no node for $(uname -m)" >&2; exit 1;; esac
  curl -fsSL "https://nodejs.org/dist/v${NODE}/node-v${NODE}-linux-$arch.tar.xz" | tar -xJ -C /usr/local --strip-components=1
fi
node course/link.mjs
`

/** Gradescope runs it for each submission, in a container that it makes of the image. */
export const runAutograder = (): string => `#!/bin/sh
# Grades what is in submission/, and writes results/results.json. What this container may not do is not judged, and said.
# --unboxed: this container is the box; nothing else is in it, and it is thrown away.
set -u
top=\${AUTOGRADER:-/autograder}
mkdir -p "$top/results"
rm -f "$top/results/results.json"
node "$top/source/course/exercises/grader/bin/grade.mjs" "$top/submission" --unboxed \\
  --format gradescope --output "$top/results/results.json"
code=$?
test -s "$top/results/results.json" && exit 0
said="The grader ended with exit code $code, and nothing was judged."
printf '{ "output": "%s" }\\n' "$said" > "$top/results/results.json"
`

/** Classroom 50 runs it in the student's checkout, beside which it has unpacked this folder. It must write result.json there. */
export const autograder = (): string => `#!/usr/bin/env python3
# Grades the checkout in the working directory, and writes result.json there. Runners of GitHub have sudo: then the checks
# that need root are made, too.
import os, pathlib, shutil, subprocess, sys

course = pathlib.Path(__file__).resolve().parent / "course"
work = pathlib.Path.cwd()
node = shutil.which("node")
if node is None:
    sys.exit("autograder: expected node 20.19 or later, found none: set it in the assignment's runtime")
sudo = []
if os.geteuid() != 0 and shutil.which("sudo") and subprocess.run(["sudo", "-n", "true"], capture_output=True).returncode == 0:
    sudo = ["sudo", "-n", "--preserve-env"]
    if not shutil.which("busybox"):
        subprocess.run(["sudo", "-n", "apt-get", "-q", "-y", "install", "busybox-static"], check=False)
subprocess.run([node, str(course / "link.mjs")], check=True)
result = work / "result.json"
grade = course / "exercises" / "grader" / "bin" / "grade.mjs"
subprocess.run([*sudo, node, str(grade), str(work), "--format", "classroom50", "--output", str(result)], check=False)
if not result.exists() or result.stat().st_size == 0:
    sys.exit("autograder: the grader wrote no result.json")
`
