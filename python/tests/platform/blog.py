"""The blog post's road on the platform, as it was written for Dask: scheduler, workers, client, page, work, the end."""

import os
import time

import cdsw
import dask.array as da
from dask import datasets
from dask.distributed import Client

dask_scheduler = cdsw.launch_workers(
    n=1,
    cpu=1,
    memory=2,
    code=f"!dask-scheduler --host 0.0.0.0 --dashboard-address 127.0.0.1:{os.environ['CDSW_APP_PORT']}",
)
time.sleep(10)

scheduler_id = dask_scheduler[0]["id"]
scheduler_ip = [worker["ip_address"] for worker in cdsw.list_workers() if worker["id"] == scheduler_id][0]
scheduler_url = f"tcp://{scheduler_ip}:8786"

dask_workers = cdsw.launch_workers(n=3, cpu=1, memory=2, code=f"!dask-worker {scheduler_url}")
time.sleep(10)

client = Client(scheduler_url)
client.wait_for_workers(3)
print("workers:", len(client.scheduler_info()["workers"]))
print("page:", dask_scheduler[0]["app_url"] + "status")
print("link:", client.dashboard_link)

x = da.random.random((10000, 10, 10000), chunks=1000)
y = da.reshape(x, (10000, 100000)).T[:10, :1000]
u, s, vh = da.linalg.svd(y)
print("singular values:", s.compute().shape)

frame = datasets.timeseries()
print("names:", len(frame["name"].unique().values.compute()))
oliver = frame[frame.name == "Oliver"]
print("columns:", list(oliver[["x", "y"]].cumsum().compute().columns))

client.close()
cdsw.stop_workers(*[worker["id"] for worker in dask_workers + dask_scheduler])
print("left:", [worker["status"] for worker in cdsw.list_workers() if worker["id"] in (scheduler_id,)])
