"""Jobs that are done leave no row, and a worker's own thread does what the job jobs.rescue did."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("core", "0004_grown_statistics"), ("procrastinate", "0041_post_retry_failed_job")]

    operations = [
        migrations.RunSQL(
            "DELETE FROM procrastinate_jobs WHERE status = 'succeeded' OR task_name = 'jobs.rescue'", migrations.RunSQL.noop
        )
    ]
