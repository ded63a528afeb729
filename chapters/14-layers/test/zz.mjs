import { unpack } from '@pocker/layers'
const t=performance.now(); await unpack({file:'/tmp/perf/'+process.argv[2]}, '/tmp/perf/ours'); console.log('ours', performance.now()-t, process.resourceUsage().maxRSS/1024)
