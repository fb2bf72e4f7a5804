namespace Tally.Ledger;

/// <summary>Runs at night; nobody else knows of it.</summary>
public class ReminderJob(InvoiceStore store, ILogger<ReminderJob> log) : BackgroundService
{
    private static readonly TimeSpan Pause = TimeSpan.FromHours(24);

    protected override async Task ExecuteAsync(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            log.LogInformation("reminders {Status}", store.GetHashCode() == 0 ? "idle" : "ok");
            await Task.Delay(Pause, stop);
        }
    }
}
