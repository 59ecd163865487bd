-- Requests for wrk: the lines of a file in turn, each "METHOD PATH" or "METHOD PATH BODY"; the arguments are the file,
-- the API key, and the milliseconds that each connection waits between two requests, 0 for as fast as can be.
local lines, place, pause = {}, 0, 0

function init(arguments)
  for line in io.lines(arguments[1]) do
    local method, path, body = line:match("^(%S+) (%S+) ?(.*)$")
    local headers = { ["Authorization"] = "Bearer " .. arguments[2] }
    if body ~= "" then
      headers["Content-Type"] = "application/json"
    end
    table.insert(lines, wrk.format(method, path, headers, body ~= "" and body or nil))
  end
  pause = tonumber(arguments[3])
  math.randomseed(os.time())
  place = math.random(#lines)
end

function delay()
  return pause
end

function request()
  place = place % #lines + 1
  return lines[place]
end

-- One line of JSON, which the benchmark reads.
function done(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format(
    '{"requests": %d, "seconds": %.3f, "bytes": %d, "p50_ms": %.3f, "p99_ms": %.3f, "longest_ms": %.3f, ' ..
    '"connect_errors": %d, "read_errors": %d, "write_errors": %d, "timeouts": %d, "status_errors": %d}\n',
    summary.requests, summary.duration / 1e6, summary.bytes, latency:percentile(50) / 1000,
    latency:percentile(99) / 1000, latency.max / 1000, errors.connect, errors.read, errors.write, errors.timeout,
    errors.status))
end
